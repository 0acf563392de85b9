#include "runner/job/job_run.hpp"

#include "base/clock.hpp"
#include "base/run_caught.hpp"
#include "base/stop_source.hpp"
#include "runner/job/environment_preparer.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/job/git_mirror_source.hpp"
#include "runner/job/job_header.hpp"
#include "runner/job/limits.hpp"
#include "runner/job/secret_stage.hpp"
#include "runner/job/size_check.hpp"

namespace runner::job {

using base::StopReason;
using journal::Failure;
using journal::FailureReason;
using journal::Phase;

namespace {

constexpr int kUnsupportedExitCode = 3;

JudgeSettings judge_settings(JobContext& context) {
    return {
        .executor = context.traits,
        .prepare_timeout = context.runner().prepare_timeout,
        .get_sources_timeout = context.runner().get_sources_timeout,
        .ignore_after_script_errors = context.behaviour.flag("AFTER_SCRIPT_IGNORE_ERRORS", true)};
}

/// JobState::state of a job that has ended.
std::string final_state(const journal::Outcome& outcome) {
    if (outcome.success()) return "success";
    switch (outcome.failure->reason) {
        case FailureReason::kCanceled: return "canceled";
        case FailureReason::kTimeout: return "timedout";
        default: return "failed";
    }
}

/// Describes the environment for the executor. Returns what is too large in the job, "" for
/// nothing.
std::string fill_environment(JobContext& context, executors::JobEnvironment& environment) {
    const auto& setup = context.setup;
    if (auto problem = variables_problem(context.variables); !problem.empty()) return problem;
    environment = make_environment(context.payload(), context.runner(), context.variables,
                                   context.texts, *context.directories, setup.system_id,
                                   setup.record.short_token, setup.record.slot);
    environment.needs_git = needs_git(context.payload(), context.variables, !setup.sources);
    if (!setup.sources) {
        environment.git_mirror =
            git_mirror_source(context.payload(), context.runner(), context.variables,
                              setup.system_id, setup.record.ca_chain);
    }
    if (setup.adopted_volumes)
        environment.volume_prefix = setup.adopted_volumes->in_place_of(environment.volume_prefix);
    if (!context.texts.problem().empty()) return context.texts.problem();
    return services_problem(environment);
}

/// Returns false when the job cannot run here.
bool describe_environment(JobContext& context, executors::JobEnvironment& environment) {
    if (!context.directories) return false;
    if (const std::string problem = fill_environment(context, environment); !problem.empty()) {
        context.fail({FailureReason::kScriptFailure, 0, problem});
        return false;
    }
    environment.state_dir = context.checkpoints.directory();
    environment.payload_file = context.setup.journal.payload_path();
    environment.daemon_log = context.daemon_log;
    environment.taken_up = context.setup.restored.has_value();
    if (environment.debug_services) context.checkpoints.expect_other_writers();
    // The status page shows it.
    if (environment.image) context.status.image = context.log().masked(environment.image->name);
    return true;
}

Failure failure_by_exception(const base::Error& thrown) {
    return {FailureReason::kSystemFailure, 0, "internal error of the runner: " + thrown.message};
}

/// Decides the outcome in place of the part that could not.
void fail_by_exception(JobContext& context, const base::Error& thrown) {
    auto& checkpoint = context.checkpoint();
    if (checkpoint.phase >= Phase::kReporting) return;
    Failure why = failure_by_exception(thrown);
    why.message = context.log().masked(why.message);
    context.log().error(last_line(why) + "\n");
    checkpoint.outcome.failure = std::move(why);
    checkpoint.phase = Phase::kReporting;
    context.checkpoints.save();
}

/// What escapes a part of the job is a bug. It must not keep the parts behind it from their turn.
base::Task<base::Result<void>> survive(JobContext& context, std::string part,
                                       base::Task<void> work) {
    auto ended = co_await base::run_caught(std::move(work));
    if (!ended) {
        context.daemon_log.error(
            "A part of the job ended by an exception",
            {{"part", part}, {"error", context.log().masked(ended.error().message)}});
    }
    co_return ended;
}

void fail_without_secrets(JobContext& context, const StageJudge& judge, const base::Error& error) {
    const bool over = error.is(base::ErrorKind::kTimeout) && context.situation().job_is_over;
    if (over || context.stop.requested()) {
        context.apply(judge.preparation(error, context.situation()));
    } else {
        context.fail(secrets_failure(error));
    }
}

base::Task<base::Result<void>> start_answered(JobChannel& channel) {
    co_await channel.start_answered();
    co_return base::Result<void>();
}

}  // namespace

JobRun::JobRun(const boost::asio::any_io_executor& io, JobSetup setup)
    : context_(io, std::move(setup)),
      plan_(plan_stages(context_.payload())),
      events_(context_),
      interaction_(context_),
      takeover_(context_),
      group_(io) {}

bool JobRun::stop(StopReason reason, std::string_view words) {
    interaction_.stop_waiting();
    if (!can_stop(context_.checkpoints.state(), plan_, reason)) return false;
    if (!context_.stop.requested()) {
        context_.daemon_log.info("Stopping the job", {{"reason", base::to_string(reason)}});
    }
    stop_words_ = words;
    context_.stop.request(reason);
    // An ENTRYPOINT that is stuck would keep every stage waiting for its limit. A job that was
    // taken up again has a supervisor, which is to hear of the stop.
    const bool restored = context_.setup.restored.has_value();
    if (stages_ && !restored && !stages_->session().was_reached()) stages_->session().close();
    return true;
}

base::Task<base::Result<void>> JobRun::run() {
    auto& channel = context_.channel();
    channel.on_stop([this](StopReason reason) { stop(reason); });
    // The journal must know how much of the log the server has, or a restarted daemon would send it
    // again.
    channel.on_progress([this] { context_.checkpoints.request(); });
    group_.spawn("job log", channel.serve());
    group_.spawn("checkpoints", context_.checkpoints.serve());
    auto started = co_await survive(context_, "run", start());
    if (!started) fail_by_exception(context_, started.error());
    auto left = co_await survive(context_, "terminals", interaction_.end(StopReason::kAbort));
    static_cast<void>(left);  // nothing of it is needed any more
    const bool to_report = context_.checkpoint().phase < Phase::kCleaning;
    base::Result<void> reported;
    if (to_report) reported = co_await survive(context_, "report", report());
    if (!reported) context_.fail(failure_by_exception(reported.error()));
    if (!to_report || !reported) channel.abandon();
    if (context_.setup.on_reported) context_.setup.on_reported();
    auto cleaned = co_await survive(context_, "cleanup", clean_up());
    // Then the next start finds what is left.
    if (!cleaned && stages_) stages_->session().close();
    context_.end_stage();
    co_await takeover_.end();
    if (stages_) co_await stages_->end();
    context_.checkpoints.finish();
    co_await group_.wait();
    co_return reported;
}

base::Task<void> JobRun::start() {
    context_.status.state = "running";
    if (context_.checkpoint().phase < Phase::kReporting) {
        co_await execute();
    } else {
        takeover_.start();
    }
}

base::Task<void> JobRun::execute() {
    bool ready = begin();
    if (ready) {
        SecretStage secrets(context_);
        auto resolved = co_await secrets.run();
        if (!resolved) fail_without_secrets(context_, *judge_, resolved.error());
        ready = resolved.has_value();
        // As officially, the job's time begins when its secrets are known.
        if (!context_.setup.restored) context_.deadlines.restart(context_.checkpoint());
    }
    // Without its secrets, a job that was taken up again still has an environment to remove.
    if (ready || context_.setup.restored)
        ready = describe_environment(context_, environment_) && ready;
    if (ready) ready = co_await obtain_environment();
    if (ready) ready = co_await wait_for_start();
    if (ready) {
        stages_.emplace(context_, events_, interaction_, plan_, *judge_);
        save();
        takeover_.start();
        co_await stages_->run(environment_);
    }
    end_log();
}

/// Does what needs no secrets. Returns false when the job cannot run here.
bool JobRun::begin() {
    auto& checkpoint = context_.checkpoint();
    const auto& setup = context_.setup;
    context_.deadlines.start(checkpoint);
    const bool has_header = setup.restored && !setup.restored->trace_state.empty();
    if (!has_header) write_header(context_);
    judge_.emplace(judge_settings(context_));
    if (!context_.directories) {
        context_.fail(failure_from_error(context_.directories.error()));
        return false;
    }
    if (const std::string reason = unsupported_reason(context_.payload(), context_.runner());
        !reason.empty()) {
        context_.fail({FailureReason::kSystemFailure, kUnsupportedExitCode, reason});
        return false;
    }
    return true;
}

base::Task<bool> JobRun::obtain_environment() {
    auto& checkpoint = context_.checkpoint();
    EnvironmentPreparer preparer(context_, environment_);
    if (checkpoint.phase == Phase::kRunning) {
        auto restored = co_await preparer.restore();
        if (!restored) context_.fail(failure_from_error(restored.error()));
        co_return restored.has_value();
    }
    auto prepared = co_await preparer.prepare();
    if (!prepared) {
        context_.apply(judge_->preparation(prepared.error(), context_.situation()));
        co_return false;
    }
    const auto age = base::unix_micros_now() - context_.status.started_unix_micros;
    context_.daemon_log.info("The job's environment is ready",
                             {{"after_s", static_cast<double>(age) / 1e6}});
    checkpoint.phase = Phase::kRunning;
    checkpoint.executor_state = context_.executor().saved_state();
    co_return true;
}

/// The environment was made while the server answers to the job's start. Returns false when the job
/// was stopped meanwhile, by that answer or otherwise.
base::Task<bool> JobRun::wait_for_start() {
    if (context_.setup.restored) co_return true;
    const executors::Waiting waiting(context_.log(), "GitLab's answer to the job's start");
    auto answered = start_answered(context_.channel());
    auto waited = co_await base::run_stoppable(&context_.stop, std::move(answered), std::nullopt);
    if (context_.stop.requested()) {
        context_.checkpoint().progress.stop = context_.stop.reason();
    } else if (!waited) {
        context_.fail(failure_by_exception(waited.error()));
    }
    co_return waited && !context_.stop.requested();
}

/// Decides the outcome that is written to the log and reported to the server.
void JobRun::end_log() {
    context_.executor().be_quiet();
    auto& checkpoint = context_.checkpoint();
    checkpoint.outcome =
        settle(checkpoint.progress, checkpoint.outcome.failure,
               std::chrono::seconds(context_.payload().timeout_seconds), stop_words_);
    if (checkpoint.outcome.success()) {
        context_.log().notice("Job succeeded");
    } else {
        // The daemon's log, the journal and the summary of `exec` show it, too.
        auto& message = checkpoint.outcome.failure->message;
        message = context_.log().masked(message);
        context_.log().error(last_line(*checkpoint.outcome.failure) + "\n");
    }
    checkpoint.phase = Phase::kReporting;
    save();
}

base::Task<void> JobRun::report() {
    auto& checkpoint = context_.checkpoint();
    context_.enter("report", "finish");
    context_.status.state = final_state(checkpoint.outcome);
    if (checkpoint.progress.stop == StopReason::kAbort) {
        context_.channel().abandon();
    } else {
        const executors::Waiting waiting(context_.log(),
                                         "GitLab to take the rest of the log and the outcome");
        auto told = co_await context_.channel().finish(checkpoint.outcome);
        if (!told) {
            context_.daemon_log.error("The server could not be told how the job ended",
                                      {{"error", told.error().message}});
        }
    }
    context_.channel().end_readers(checkpoint.outcome);
    checkpoint.phase = Phase::kCleaning;
    save();
}

base::Task<void> JobRun::clean_up() {
    context_.enter("cleanup", executors::executor_stage(context_.traits, "cleanup"));
    const executors::Waiting waiting(context_.log(), "its environment to be removed");
    co_await halt();
    if (context_.setup.on_halted) context_.setup.on_halted();
    auto removed = co_await context_.executor().cleanup(kCleanupLimit);
    if (!removed) {
        context_.daemon_log.error(
            "A job's environment could not be removed; the next start tries again",
            {{"error", context_.log().masked(removed.error().message)}});
        co_return;
    }
    if (auto erased = context_.checkpoints.remove(); !erased) {
        context_.daemon_log.error("A job's journal could not be removed",
                                  {{"error", erased.error().message}});
    }
}

/// Ends all processes of the job.
base::Task<void> JobRun::halt() {
    if (stages_) stages_->session().close();
    const auto& state = context_.checkpoint().executor_state;
    if (context_.setup.restored && !stages_ && !state.empty()) {
        auto found = co_await context_.executor().restore(environment_, state);
        static_cast<void>(found);  // gone already is as good as removed
    }
    auto halting = context_.executor().halt();
    auto halted = co_await base::with_deadline<void>(std::move(halting), kCleanupLimit);
    // cleanup() fails for the same reason, and its error is reported.
    if (!halted) {
        context_.daemon_log.debug("Halting a job failed",
                                  {{"error", context_.log().masked(halted.error().message)}});
    }
}

}  // namespace runner::job
