#include "runner/job/gitlab_channel.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/parse.hpp"
#include "base/run_caught.hpp"
#include "runner/job/job_secrets.hpp"
#include "runner/job/job_target.hpp"
#include "runner/job/log_storage.hpp"
#include "runner/script/variables.hpp"
#include "runner/trace/job_trace.hpp"
#include "runner/trace/uploader.hpp"

namespace runner::job {

using journal::Outcome;

using base::StopReason;

namespace {

using Options = GitLabChannelOptions;

constexpr std::chrono::seconds kLastExchange{10};

trace::LogEnd log_end(const Outcome& outcome) {
    if (outcome.success()) return {.success = true};
    return {.success = false,
            .reason = std::string(to_string(outcome.failure->reason)),
            .message = outcome.failure->message};
}

class GitLabChannel final : public JobChannel {
  public:
    GitLabChannel(const boost::asio::any_io_executor& executor, const Options& options,
                  std::unique_ptr<trace::JobTrace> trace, std::uint64_t confirmed,
                  trace::UploadTimes times, bool debug_trace, trace::MaskOptions masks)
        : executor_(executor),
          id_(options.payload->id),
          tries_(options.runner->job_status_final_update_retry_limit),
          limit_bytes_(static_cast<std::uint64_t>(options.runner->output_limit_bytes)),
          masks_(std::move(masks)),
          trace_(std::move(trace)),
          target_(options, debug_trace),
          storage_(*trace_, target_.daemon_log()),
          uploader_(executor, *trace_, target_, callbacks(), times, confirmed),
          changed_(executor),
          start_answered_(options.restored != nullptr) {}

    executors::JobLog& log() override { return *trace_; }
    void section_start(std::string_view name) override { trace_->section_start(name); }
    void section_end(std::string_view name) override { trace_->section_end(name); }

    void hide(const std::vector<std::string>& secrets) override {
        masks_.phrases.insert(masks_.phrases.end(), secrets.begin(), secrets.end());
        trace_->change_masks(std::make_shared<const trace::MaskSet>(masks_));
    }

    void output(base::OutputStream stream, std::uint64_t time_us, std::string_view bytes) override {
        if (std::exchange(first_output_, false)) uploader_.expedite();
        trace_->write_stage_output(stream, static_cast<std::int64_t>(time_us), bytes);
    }
    void end_output() override { trace_->end_stage(); }
    void expect_output() override { first_output_ = true; }

    [[nodiscard]] std::uint64_t output_limit() const override { return limit_bytes_; }
    void output_was_cut() override { trace_->cut(); }

    Mark mark() override {
        const bool stored = storage_.store();
        const nlohmann::json state{{"confirmed", uploader_.confirmed_bytes()},
                                   {"trace", trace_->state()}};
        return {trace_->spool_bytes(), base::dump_json(state), stored};
    }
    bool has_room() override { return storage_.has_room(); }
    void commit(std::uint64_t bytes) override {
        uploader_.set_available(bytes);
        committed_ = bytes;
        if (feed_) feed_->grow(bytes);
    }

    [[nodiscard]] std::uint64_t backlog() const override {
        const std::uint64_t size = trace_->spool_bytes();
        return size - std::min(size, uploader_.confirmed_bytes());
    }
    /// Made for the first reader, because most jobs have none.
    [[nodiscard]] std::shared_ptr<trace::LogFeed> readable_log() override {
        if (feed_) return feed_;
        auto file = trace_->spool().open_for_reading();
        if (!file) {
            base::log::warning("A job's log cannot be read for the status page",
                               {{"job", id_}, {"error", file.error().message}});
            return nullptr;
        }
        feed_ = std::make_shared<trace::LogFeed>(executor_, std::move(*file), committed_);
        if (end_) feed_->end(*end_);
        return feed_;
    }
    void end_readers(const Outcome& outcome) override {
        committed_ = trace_->spool_bytes();
        end_ = log_end(outcome);
        if (!feed_) return;
        feed_->grow(committed_);
        feed_->end(*end_);
    }

    void on_stop(std::function<void(StopReason)> handler) override { stop_ = std::move(handler); }

    void on_progress(std::function<void()> handler) override { progress_ = std::move(handler); }

    base::Task<void> serve() override {
        auto ended = co_await base::run_caught(announce_and_upload());
        if (!ended) {
            target_.daemon_log().error("Sending the job's log ended by an exception",
                                       {{"error", ended.error().message}});
        }
        // start_answered() and finish() wait for them, whatever happened.
        start_answered_ = true;
        served_done_ = true;
        changed_.notify_all();
    }
    base::Task<void> start_answered() override {
        while (!start_answered_) {
            co_await changed_.wait();
        }
    }

    base::Task<base::Result<void>> finish(const Outcome& outcome) override {
        target_.decide(outcome);
        co_await stop_serving();
        if (uploader_.aborted()) co_return base::Result<void>();
        co_await storage_.wait_for_room();
        auto end = co_await uploader_.finish(tries_);
        switch (end) {
            case trace::FinalReport::End::kReported:
            case trace::FinalReport::End::kUnwanted: co_return base::Result<void>();
            default: break;
        }
        co_return base::make_error(
            base::ErrorKind::kUnavailable,
            "the server did not take the job's outcome within the configured "
            "number of tries (job_status_final_update_retry_limit)");
    }

    [[nodiscard]] TransferWords transfer_words(const std::string& type) const override {
        return {"Uploading artifacts as \"" + type + "\" to coordinator",
                "Downloading artifacts from coordinator"};
    }
    base::Task<base::Result<std::string>> send_artifact(ArtifactFile file) override {
        return target_.send(std::move(file));
    }
    base::Task<base::Result<protocol::http::BodySource>> fetch_artifact(
        protocol::gitlab::Dependency dependency, protocol::gitlab::ArtifactDownload how) override {
        return target_.fetch(std::move(dependency), std::move(how));
    }

    void abandon() override {
        uploader_.stop();
        uploader_.abort_exchange();
    }

  private:
    trace::UploaderCallbacks callbacks() {
        return {.on_cancel = [this] { tell(StopReason::kUserCancel); },
                .on_abort = [this] { tell(StopReason::kAbort); },
                .on_confirmed =
                    [this] {
                        if (progress_) progress_();
                    }};
    }
    void tell(StopReason reason) {
        if (stop_) stop_(reason);
    }
    base::Task<void> announce_and_upload() {
        if (!start_answered_) co_await uploader_.announce();
        start_answered_ = true;
        changed_.notify_all();
        co_await uploader_.run();
    }
    /// A server that does not answer to the last piece must not hold back the outcome.
    base::Task<void> stop_serving() {
        uploader_.stop();
        if (!served_done_) {
            const bool answered = co_await changed_.wait_for(kLastExchange);
            if (!answered) uploader_.abort_exchange();
        }
        while (!served_done_) {
            co_await changed_.wait();
        }
    }

    boost::asio::any_io_executor executor_;
    std::int64_t id_;
    int tries_;
    std::uint64_t limit_bytes_;
    std::uint64_t committed_ = 0;
    std::shared_ptr<trace::LogFeed> feed_;
    std::optional<trace::LogEnd> end_;  ///< also for readers that come while the job is cleaned up
    trace::MaskOptions masks_;          ///< those of trace_
    std::unique_ptr<trace::JobTrace> trace_;
    JobTarget target_;
    LogStorage storage_;
    std::function<void(StopReason)> stop_;
    std::function<void()> progress_;
    trace::Uploader uploader_;
    base::Notifier changed_;
    bool start_answered_;
    bool served_done_ = false;
    bool first_output_ = false;
};

/// What the job's variables say of its log.
struct LogSettings {
    bool timestamps = true;
    bool all_token_prefixes = true;
    bool debug_trace = false;
    std::vector<std::string> masked;
};

LogSettings log_settings(const Options& options) {
    const script::Variables& variables = *options.variables;
    LogSettings out;
    out.timestamps = variables.feature("FF_TIMESTAMPS");
    out.all_token_prefixes = variables.feature("FF_MASK_ALL_DEFAULT_TOKENS");
    out.masked = job_secrets(*options.payload, variables, *options.runner);
    const bool asked = base::parse_bool(variables.get("CI_DEBUG_TRACE")).value_or(false) ||
                       base::parse_bool(variables.get("CI_DEBUG_SERVICES")).value_or(false);
    out.debug_trace = asked && !options.runner->debug_trace_disabled;
    return out;
}

}  // namespace

trace::UploadTimes upload_times(const script::Variables& variables) {
    trace::UploadTimes times;
    times.dynamic_touch = variables.feature("FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL");
    return times;
}

base::Result<std::unique_ptr<JobChannel>> make_gitlab_channel(
    const boost::asio::any_io_executor& executor, const Options& options) {
    const LogSettings settings = log_settings(options);
    trace::MaskOptions masks;
    masks.phrases = settings.masked;
    masks.token_prefixes = options.payload->features.token_mask_prefixes;
    masks.all_default_tokens = settings.all_token_prefixes;
    trace::TraceOptions trace_options;
    trace_options.spool_path = options.spool;
    trace_options.limit_bytes = static_cast<std::uint64_t>(options.runner->output_limit_bytes);
    trace_options.timestamps = settings.timestamps;
    trace_options.sections = options.payload->features.trace_sections;
    trace_options.masks = std::make_shared<const trace::MaskSet>(masks);

    std::uint64_t confirmed = 0;
    const bool has_state = options.restored != nullptr && !options.restored->trace_state.empty();
    auto make = [&]() -> base::Result<std::unique_ptr<trace::JobTrace>> {
        if (!has_state) return trace::JobTrace::create(trace_options, base::system_clock());
        const auto state = base::parse_foreign_json(options.restored->trace_state);
        const bool complete = state.is_object() && state.contains("confirmed") &&
                              state["confirmed"].is_number_unsigned() && state.contains("trace") &&
                              state["trace"].is_string();
        if (!complete) {
            return base::make_error(base::ErrorKind::kInvalidInput,
                                    "the checkpoint's log state cannot be read");
        }
        confirmed = state["confirmed"].get<std::uint64_t>();
        return trace::JobTrace::restore(trace_options, base::system_clock(),
                                        state["trace"].get<std::string>(),
                                        options.restored->spool_bytes);
    };
    auto made = make();
    if (!made) return made.error().with_context("the job's log");
    return std::unique_ptr<JobChannel>(std::make_unique<GitLabChannel>(
        executor, options, std::move(*made), confirmed, upload_times(*options.variables),
        settings.debug_trace, std::move(masks)));
}

}  // namespace runner::job
