#include "runner/daemon/job_host.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "runner/daemon/job_refusal.hpp"
#include "runner/job/gitlab_channel.hpp"
#include "runner/job/job_variables.hpp"
#include "runner/script/feature_flags.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

/// A former job of the slot may still have processes in its directory.
base::Task<void> wait_for_slot(const job::JobRun& run, const journal::SlotTable& slots,
                               base::Notifier& changed) {
    const auto& setup = run.context().setup;
    const std::string runner = config::runner_identity(*setup.runner);
    const std::int64_t project = setup.payload.job_info.project_id;
    const executors::Waiting waiting(run.context().log(), "the former job of its directory to end");
    while (slots.is_held(runner, project, setup.record.slot)) {
        co_await changed.wait();
    }
}

}  // namespace

JobHost::JobHost(const boost::asio::any_io_executor& executor, Options options, Observer observer)
    : executor_(executor),
      options_(std::move(options)),
      working_dir_(std::filesystem::current_path().string()),
      observer_(std::move(observer)),
      slots_changed_(executor),
      group_(executor) {}

void JobHost::accept(std::shared_ptr<RunnerEntry> entry, const gitlab::JobRequestAnswer& answer) {
    auto payload = gitlab::decode_payload(answer.payload);
    if (!payload) {
        base::log::error("The server sent a job that cannot be understood",
                         {{"runner", entry->short_token}, {"error", payload.error().message}});
        const auto identity = gitlab::decode_identity(answer.payload);
        if (!identity) return;
        return refuse(
            entry, {identity->id, identity->token},
            {journal::FailureReason::kSystemFailure, 0,
             "the server's job description cannot be understood: " + payload.error().message});
    }
    const gitlab::JobCredentials credentials{payload->id, payload->token};
    base::log::info("Checking for jobs... received",
                    {{"job", payload->id},
                     {"repo_url", script::without_credentials(payload->git_info.repo_url)},
                     {"runner", entry->short_token},
                     {"runner_name", entry->runner->name}});
    if (auto problem = expand_inputs(*entry, *payload)) {
        return refuse(entry, credentials, std::move(*problem), payload->features.failure_reasons);
    }
    auto begun = begin(entry, std::move(*payload), answer);
    if (begun) return;
    base::log::error("A job cannot be started",
                     {{"job", credentials.id}, {"error", begun.error().message}});
    refuse(entry, credentials, {journal::FailureReason::kSystemFailure, 0, begun.error().message});
}

void JobHost::refuse(const std::shared_ptr<RunnerEntry>& entry, gitlab::JobCredentials job,
                     journal::Failure why, std::vector<std::string> known_reasons) {
    observer_.on_refuse(*entry);
    group_.spawn("refuse a job",
                 refuse_job(entry, std::move(job), std::move(why), std::move(known_reasons)));
}

/// Gives the job a slot and a place in the journal, and starts it. Both are given back when it
/// cannot be started.
base::Result<void> JobHost::begin(const std::shared_ptr<RunnerEntry>& entry,
                                  gitlab::JobPayload payload,
                                  const gitlab::JobRequestAnswer& answer) {
    const std::string identity = config::runner_identity(*entry->runner);
    const std::int64_t project = payload.job_info.project_id;
    journal::JobRecord record;
    record.url = entry->runner->url;
    record.short_token = entry->short_token;
    record.runner_id = entry->runner->id;
    record.received_unix_micros = base::unix_micros_now();
    record.ca_chain = answer.tls_ca_chain;
    record.correlation_id = answer.correlation_id;
    record.slot = slots_.acquire(identity, project);
    auto journal = journal::Journal::create(options_.state_dir, entry->runner->url, payload.id,
                                            record, answer.payload);
    if (!journal) {
        slots_.release(identity, project, record.slot);
        return journal.error();
    }
    auto started = start(entry, *journal, record, std::move(payload), nullptr);
    if (started) return {};
    slots_.release(identity, project, record.slot);
    if (auto removed = journal->remove(); !removed) {
        base::log::error(
            "A job's journal could not be removed",
            {{"directory", journal->directory().string()}, {"error", removed.error().message}});
    }
    return started.error();
}

std::optional<journal::Failure> JobHost::expand_inputs(const RunnerEntry& entry,
                                                       gitlab::JobPayload& payload) const {
    if (payload.inputs.empty()) return std::nullopt;
    const script::FeatureFlags flags(payload, *entry.runner);
    if (!flags.enabled("FF_ENABLE_JOB_INPUTS_INTERPOLATION")) return std::nullopt;
    const auto expansion = script::expand_inputs(payload);
    observer_.on_inputs(expansion);
    if (expansion.problem == script::InputsExpansion::Problem::kNone) return std::nullopt;
    return journal::Failure{journal::FailureReason::kConfigurationError, 0, expansion.message};
}

base::Result<void> JobHost::start(const std::shared_ptr<RunnerEntry>& entry,
                                  journal::Journal journal, const journal::JobRecord& record,
                                  gitlab::JobPayload payload, const journal::Checkpoint* restored) {
    auto executor = options_.make_executor(*entry->runner);
    if (!executor) return executor.error();
    script::Variables variables = job::make_variables(payload, *entry->runner, record);
    job::GitLabChannelOptions options;
    options.client = entry->jobs;
    options.info = runner_info(*entry->config, *entry->runner);
    options.payload = &payload;
    options.variables = &variables;
    options.runner = entry->runner;
    options.spool = journal.spool_path();
    options.restored = restored;
    auto channel = job::make_gitlab_channel(executor_, options);
    if (!channel) return channel.error();
    job::JobSetup setup{.config = entry->config,
                        .runner = entry->runner,
                        .payload = std::move(payload),
                        .variables = std::move(variables),
                        .system_id = options_.system_id,
                        .working_dir = working_dir_,
                        .record = record,
                        .journal = std::move(journal),
                        .restored = restored ? std::optional(*restored) : std::nullopt,
                        .executor = std::move(*executor),
                        .channel = std::move(*channel),
                        .make_session = options_.make_session};
    watch_slot(setup);
    const auto running = jobs_.emplace(
        jobs_.end(), Running{entry, std::make_unique<job::JobRun>(executor_, std::move(setup))});
    if (stopped_ != base::StopReason::kNone) running->run->stop(stopped_, stop_signal_);
    if (restored == nullptr) observer_.on_start(*running->run);
    group_.spawn("job " + std::to_string(running->run->status().id), run_to_the_end(running));
    return {};
}

void JobHost::watch_slot(job::JobSetup& setup) {
    const std::string runner = config::runner_identity(*setup.runner);
    const std::int64_t project = setup.payload.job_info.project_id;
    const journal::Slot slot = setup.record.slot;
    setup.on_reported = [this, runner, project, slot] { slots_.leave(runner, project, slot); };
    setup.on_halted = [this, runner, project, slot] {
        slots_.release(runner, project, slot);
        slots_changed_.notify_all();
    };
}

base::Task<void> JobHost::run_to_the_end(Position running) {
    const auto& setup = running->run->context().setup;
    co_await wait_for_slot(*running->run, slots_, slots_changed_);
    co_await running->run->run();
    const auto& outcome = running->run->outcome();
    const auto age = base::unix_micros_now() - setup.record.received_unix_micros;
    base::log::info(outcome.success() ? "Job succeeded" : "Job failed",
                    {{"job", setup.payload.id},
                     {"project", setup.payload.job_info.project_id},
                     {"runner", running->entry->short_token},
                     {"runner_name", running->entry->runner->name},
                     {"error", outcome.success() ? std::string("none") : outcome.failure->message},
                     {"duration_s", static_cast<double>(age) / 1e6}});
    observer_.on_end(*running->run);
    jobs_.erase(running);
}

void JobHost::restore(
    std::vector<journal::FoundJob> jobs,
    const std::function<std::shared_ptr<RunnerEntry>(const journal::JobRecord&)>& find_entry) {
    for (journal::FoundJob& found : jobs) {
        const std::string directory = found.journal.directory().string();
        auto entry = find_entry(found.record);
        base::Result<void> taken_up = base::make_error(
            base::ErrorKind::kConfiguration, "its runner is no longer in the configuration");
        if (entry) taken_up = take_up(entry, found);
        if (taken_up) continue;
        base::log::error("A job of a former run cannot be taken up again",
                         {{"directory", directory}, {"error", taken_up.error().message}});
    }
}

base::Result<void> JobHost::take_up(const std::shared_ptr<RunnerEntry>& entry,
                                    journal::FoundJob& found) {
    if (found.checkpoint.takeovers >= journal::kMaxTakeovers) {
        auto executor = options_.make_executor(*entry->runner);
        if (!executor) return executor.error();
        group_.spawn("give up a job", give_up_job(entry, std::move(*executor), std::move(found)));
        return {};
    }
    // Before anything is made of the payload, because that may be what ends the daemon.
    ++found.checkpoint.takeovers;
    if (auto saved = found.journal.save(found.checkpoint); !saved) return saved.error();
    auto payload = gitlab::decode_payload(found.payload);
    if (!payload) return payload.error();
    // Its inputs were right when it was begun.
    auto problem = expand_inputs(*entry, *payload);
    static_cast<void>(problem);
    const std::string runner = config::runner_identity(*entry->runner);
    const std::int64_t project = payload->job_info.project_id;
    slots_.occupy(runner, project, found.record.slot);
    auto started =
        start(entry, found.journal, found.record, std::move(*payload), &found.checkpoint);
    if (!started) slots_.release(runner, project, found.record.slot);
    return started;
}

void JobHost::stop_all(base::StopReason reason, std::string_view signal) {
    stopped_ = reason;
    stop_signal_ = signal;
    for (Running& running : jobs_) running.run->stop(reason, signal);
}

void JobHost::save_all() {
    for (Running& running : jobs_) running.run->save();
}

base::Task<void> JobHost::wait() { co_await group_.wait(); }

std::vector<const job::JobRun*> JobHost::runs() const {
    std::vector<const job::JobRun*> all;
    for (const Running& running : jobs_) all.push_back(running.run.get());
    return all;
}

}  // namespace runner::daemon
