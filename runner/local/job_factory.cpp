#include "runner/local/job_factory.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"
#include "runner/job/job_secrets.hpp"
#include "runner/job/job_variables.hpp"
#include "runner/script/inputs.hpp"

namespace runner::local {

namespace {

constexpr const char* kSystemId = "local";
constexpr std::size_t kShortToken = 9;

/// What must not be seen in the job's log.
trace::MaskOptions secrets_of(const protocol::gitlab::JobPayload& payload,
                              const script::Variables& variables,
                              const config::RunnerConfig& runner) {
    trace::MaskOptions masks;
    masks.phrases = job::job_secrets(payload, variables, runner);
    masks.all_default_tokens = variables.feature("FF_MASK_ALL_DEFAULT_TOKENS");
    return masks;
}

}  // namespace

JobFactory::JobFactory(const boost::asio::any_io_executor& executor, JobFactoryOptions options)
    : executor_(executor),
      options_(std::move(options)),
      short_token_(base::to_lower(base::random_alphanumeric(kShortToken))),
      executors_(executor) {}

base::Result<std::unique_ptr<job::JobRun>> JobFactory::make(protocol::gitlab::JobPayload payload,
                                                            const ChannelMaker& make_channel,
                                                            std::unique_ptr<job::Sources> sources) {
    if (const auto expansion = script::expand_inputs(payload); !expansion.message.empty()) {
        return base::make_error(base::ErrorKind::kConfiguration, expansion.message);
    }
    auto executor = executors_.make(*options_.runner);
    if (!executor) return executor.error();
    journal::JobRecord record;
    record.short_token = short_token_;
    record.received_unix_micros = base::unix_micros_now();
    record.slot = slots_.acquire(short_token_, {payload.job_info.project_id, false});
    // The payload is not stored: no later process continues a local job.
    auto journal = journal::Journal::create(options_.state_dir, "", payload.id, record, "");
    if (!journal) {
        slots_.release(short_token_, payload.job_info.project_id, record.slot);
        return journal.error();
    }
    script::Variables variables = job::make_variables(payload, *options_.runner, record);
    auto channel = make_channel(secrets_of(payload, variables, *options_.runner));
    job::JobSetup setup{.config = options_.config,
                        .runner = options_.runner,
                        .payload = std::move(payload),
                        .variables = std::move(variables),
                        .system_id = kSystemId,
                        .working_dir = (options_.state_dir / "work").string(),
                        .record = record,
                        .journal = std::move(*journal),
                        .restored = std::nullopt,
                        .executor = std::move(*executor),
                        .channel = std::move(channel),
                        .sources = std::move(sources)};
    return std::make_unique<job::JobRun>(executor_, std::move(setup));
}

void JobFactory::give_back(const job::JobRun& run) {
    const auto& setup = run.context().setup;
    slots_.release(short_token_, setup.payload.job_info.project_id, setup.record.slot);
}

}  // namespace runner::local
