#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/job/job_run.hpp"

namespace runner::job {

using journal::Failure;
using journal::FailureReason;
using journal::Progress;

using base::ErrorKind;
using base::StopReason;
using executors::session::StageCommand;
using executors::session::StageExit;

namespace {

constexpr std::chrono::minutes kAfterScriptLimit{5};
/// The daemon's own limit lies behind the supervisor's, which is the one that counts.
constexpr std::chrono::seconds kSlack{15};
constexpr std::chrono::seconds kFirstSlack{1};
constexpr std::string_view kTimeoutAdvice =
    " could not run to completion because the timeout was exceeded. For more control over job and "
    "script timeouts see: "
    "https://docs.gitlab.com/ci/runners/configure_runners/#set-script-and-after_script-timeouts";

std::chrono::seconds grace_for(StopReason reason, std::chrono::seconds usual) {
    switch (reason) {
        case StopReason::kAbort: return std::chrono::seconds(1);
        case StopReason::kShutdown: return std::chrono::seconds(5);
        default: return usual;
    }
}

std::chrono::milliseconds until(base::Deadline deadline) {
    const auto left = *deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(1));
}

std::string exit_text(const std::string& executor, const StageExit& exit) {
    if (executor == "shell") {
        // Go's words, which are lower case.
        return exit.signal != 0 ? "signal: " + base::to_lower(::strsignal(exit.signal))
                                : fmt::format("exit status {}", exit.code);
    }
    return fmt::format("exit code {}", exit.code);
}

/// Go has no code for a process that a signal ended (job-runtime.md §1.7).
int exit_code(const std::string& executor, const StageExit& exit) {
    return executor == "shell" && exit.signal != 0 ? -1 : exit.code;
}

}  // namespace

base::Task<void> JobRun::run_stages() {
    for (; checkpoint_.plan_index < plan_.size(); ++checkpoint_.plan_index) {
        const PlannedStage& stage = plan_[checkpoint_.plan_index];
        if (stop_.requested() && !checkpoint_.stage_begun) stage_stopped(stage);
        if (!should_run(stage, checkpoint_.progress)) continue;
        co_await run_stage(stage);
        checkpoint_.stage_begun = false;
        checkpoint_.attempt = 0;
        checkpoint_.part = 0;
    }
}

base::Task<void> JobRun::run_stage(const PlannedStage& stage) {
    status_.enter(stage.name, executor_stage(setup_.runner->executor, "run"),
                  base::unix_micros_now());
    if (stage.kind == StageKind::kStep) {
        auto usable = co_await wait_until_ready();
        if (!usable) co_return;
    }
    if (stage.kind == StageKind::kStep && !checkpoint_.progress.steps_reached) {
        checkpoint_.progress.steps_reached = true;
        setup_.channel->expect_output();
    }
    const bool sources = stage.kind == StageKind::kGetSources;
    const int attempts = sources ? behaviour_->attempts("GET_SOURCES_ATTEMPTS") : 1;
    while (true) {
        if (sources && checkpoint_.attempt > 0 && !checkpoint_.stage_begun)
            co_await clear_worktree();
        auto result = co_await attempt(stage);
        const bool failed =
            result && result->code != 0 && result->reason == StageExit::Reason::kExited;
        if (!failed || checkpoint_.attempt + 1 >= attempts || stop_.requested()) {
            judge(stage, result);
            co_return;
        }
        ++checkpoint_.attempt;
        checkpoint_.stage_begun = false;
        save();
        log().warning("Retrying...");
        auto waited = co_await wait_before_retry(retry_pause(checkpoint_.attempt));
        if (!waited) {
            judge(stage, waited.error());
            co_return;
        }
    }
}

/// In a section of its own, which ends before anybody judges: the verdict stands outside.
base::Task<JobRun::StageResult> JobRun::attempt(const PlannedStage& stage) {
    if (!checkpoint_.stage_begun) {
        setup_.channel->section_start(stage.name);
        log().heading(stage.heading);
        if (stage.kind == StageKind::kStep && !ready_message_.empty()) {
            log().print(std::exchange(ready_message_, {}));
        }
        checkpoint_.stage_begun = true;
        save();
    }
    StageResult result;
    switch (stage.kind) {
        case StageKind::kDownloadArtifacts: result = co_await download_artifacts(); break;
        case StageKind::kUploadArtifacts: result = co_await upload_artifacts(stage); break;
        default: result = co_await run_stage_script(stage); break;
    }
    setup_.channel->end_output();
    setup_.channel->section_end(stage.name);
    co_return std::move(result);
}

base::Task<JobRun::StageResult> JobRun::run_stage_script(const PlannedStage& stage) {
    if (stage.kind == StageKind::kGetSources && sources_by_daemon() &&
        scripts_->git_sources.brings_sources()) {
        auto brought = co_await bring_sources(stage);
        co_return std::move(brought);
    }
    auto text = script_of(stage);
    if (!text) co_return text.error();
    for (const std::string& warning : behaviour_->take_warnings()) log().warning(warning);
    const auto number = script_number();
    auto result = co_await run_script(number, std::move(*text), stage_deadline(stage));
    co_return std::move(result);
}

base::Task<void> JobRun::clear_worktree() {
    constexpr std::string_view kName = "clear_worktree";
    setup_.channel->section_start(kName);
    log().heading("Deleting all tracked and untracked files due to source fetch failure");
    const auto number = script_number(ScriptPart::kRecovery);
    auto cleared =
        co_await run_script(number, scripts_->git_sources.clear_worktree(), job_deadline());
    static_cast<void>(cleared);  // the next try says what is wrong
    setup_.channel->end_output();
    setup_.channel->section_end(kName);
}

namespace {

base::Task<base::Result<void>> sleep_through(std::chrono::seconds pause) {
    const bool slept = co_await base::sleep_for(pause);
    if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped while waiting");
    co_return base::Result<void>();
}

}  // namespace

base::Task<base::Result<void>> JobRun::wait_before_retry(std::chrono::seconds pause) {
    auto sleeping = sleep_through(pause);
    auto slept = co_await base::run_stoppable(&stop_, std::move(sleeping), job_deadline());
    co_return std::move(slept);
}

/// Doubles from retry to retry; `number` counts from 1.
std::chrono::seconds JobRun::retry_pause(int number) const {
    const bool slower = variables_->feature("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY");
    const std::chrono::seconds first(slower ? 5 : 1);
    const std::chrono::seconds longest(slower ? 300 : 5);
    return std::min(first * (1 << std::clamp(number - 1, 0, 9)), longest);
}

std::uint16_t JobRun::script_number(ScriptPart part) const {
    constexpr std::size_t kMostAttempts = 16;
    auto number = static_cast<std::size_t>(std::max(checkpoint_.attempt, 0));
    if (part == ScriptPart::kBefore) number += kMostAttempts;
    if (part == ScriptPart::kClean) number += 2 * kMostAttempts;
    return stage_number(checkpoint_.plan_index, number, part == ScriptPart::kRecovery);
}

base::Result<std::string> JobRun::script_of(const PlannedStage& stage) {
    switch (stage.kind) {
        case StageKind::kPrepareScript: return scripts_->steps.prepare();
        case StageKind::kGetSources: return scripts_->git_sources.get_sources();
        case StageKind::kStep: return scripts_->steps.step(setup_.payload.steps[stage.step]);
        case StageKind::kAfterScript: {
            const Progress& progress = checkpoint_.progress;
            const auto& failure = checkpoint_.outcome.failure;
            const bool timed_out = failure && failure->reason == FailureReason::kTimeout;
            variables_->set_job_status(progress.stop == StopReason::kUserCancel ? "canceled"
                                       : timed_out                              ? "timedout"
                                       : progress.step_failed                   ? "failed"
                                                                                : "success");
            return scripts_->steps.after_script(setup_.payload.steps[stage.step]);
        }
        case StageKind::kRestoreCache: return scripts_->caches.restore();
        case StageKind::kArchiveCache: return scripts_->caches.archive(stage.on_success);
        case StageKind::kCleanup: return scripts_->cleanup.script();
        case StageKind::kDownloadArtifacts:
        case StageKind::kUploadArtifacts: break;  // a script for each archive: job_artifacts.cpp
    }
    return std::string();
}

base::Deadline JobRun::stage_deadline(const PlannedStage& stage) {
    const base::Deadline job = job_deadline();
    const auto custom = [&](std::string_view name) -> std::optional<std::chrono::nanoseconds> {
        const std::string raw = variables_->get(name);
        if (raw.empty()) return std::nullopt;
        const auto parsed = base::parse_go_duration(raw);
        if (!parsed) {
            log().warning(fmt::format("Ignoring malformed {} timeout: {}", name, raw));
            return std::nullopt;
        }
        if (parsed->count() < 0) {
            log().warning(fmt::format("Ignoring relative {} timeout: {}", name, raw));
            return std::nullopt;
        }
        if (Clock::now() + std::chrono::duration_cast<Clock::duration>(*parsed) > *job) {
            log().warning(fmt::format(
                "{} timeout: {} is longer than job timeout. Setting to job timeout", name, raw));
            return std::nullopt;
        }
        if (parsed->count() == 0) return std::nullopt;
        return *parsed;
    };
    if (stage.kind == StageKind::kPrepareScript) return prepare_deadline();
    const auto capped = [&](std::chrono::nanoseconds limit) {
        return std::min(*job, Clock::now() + std::chrono::duration_cast<Clock::duration>(limit));
    };
    if (stage.kind == StageKind::kGetSources && setup_.runner->get_sources_timeout) {
        return capped(*setup_.runner->get_sources_timeout);
    }
    if (stage.kind == StageKind::kAfterScript) {
        return capped(custom("RUNNER_AFTER_SCRIPT_TIMEOUT").value_or(kAfterScriptLimit));
    }
    if (stage.kind != StageKind::kStep) return job;
    // One limit for all steps together: fixed when the first begins, kept over a restart.
    if (checkpoint_.script_deadline_unix_micros == 0) {
        const auto limit = custom("RUNNER_SCRIPT_TIMEOUT");
        checkpoint_.script_deadline_unix_micros =
            limit ? base::unix_micros_now() + limit->count() / 1000 : -1;
    }
    if (checkpoint_.script_deadline_unix_micros < 0) return job;
    const auto left = std::chrono::microseconds(checkpoint_.script_deadline_unix_micros -
                                                base::unix_micros_now());
    return std::min(*job, Clock::now() + std::chrono::duration_cast<Clock::duration>(left));
}

base::Task<JobRun::StageResult> JobRun::run_script(std::uint16_t number, std::string script,
                                                   base::Deadline deadline) {
    // Nobody would hear the end of a script that was never begun.
    const bool may_run = std::exchange(script_may_run_, false);
    if (stop_.requested() && !may_run)
        co_return base::make_error(ErrorKind::kCancelled, "stopped before it began");
    const auto& info = setup_.executor->info();
    StageCommand command;
    command.stage = number;
    command.script = std::move(script);
    command.arguments = info.login_arguments;
    command.shells = info.shells;
    command.user = info.user;
    command.deadline = until(deadline);
    command.grace = kGrace;
    for (const auto& variable : info.script_environment) {
        command.environment[variable.name] = variable.value;
    }
    for (auto& variable : variables_->environment()) {
        command.environment[variable.name] = std::move(variable.value);
    }
    auto task = session_->run_stage(std::move(command));
    // As long as the environment has never answered, nobody there watches the limit.
    const auto patience = session_->was_reached() ? kGrace + kSlack : kFirstSlack;
    const base::Deadline own = *deadline + patience;
    auto result = co_await base::run_stoppable(&stop_, std::move(task), own);
    if (result || !stop_.requested()) co_return std::move(result);
    auto stopped = co_await stop_script(number);
    co_return std::move(stopped);
}

base::Task<JobRun::StageResult> JobRun::stop_script(std::uint16_t number) {
    const auto grace = grace_for(stop_.reason(), kGrace);
    session_->request_stop(number, grace);
    auto waiting = session_->wait_exit(number);
    auto exit = co_await base::with_deadline(std::move(waiting), grace + kSlack);
    if (!exit) co_return exit.error();
    exit->reason = StageExit::Reason::kStopped;
    co_return std::move(exit);
}

void JobRun::judge(const PlannedStage& stage, const StageResult& result) {
    if (stop_.requested()) return stage_stopped(stage);
    if (result && result->reason == StageExit::Reason::kStopped && !setup_.restored) {
        return stage_failed(stage,
                            {FailureReason::kSystemFailure, 0,
                             "the job's environment was stopped from outside (its first process "
                             "got a SIGTERM)"});
    }
    if (result && result->reason == StageExit::Reason::kStopped) {
        // By a daemon that did not live to say so.
        checkpoint_.progress.stop = StopReason::kShutdown;
        return;
    }
    if (!result) {
        if (result.error().is(ErrorKind::kTimeout)) return stage_timed_out(stage);
        return stage_failed(stage, failure_from_error(result.error()));
    }
    switch (result->reason) {
        case StageExit::Reason::kDeadline: return stage_timed_out(stage);
        case StageExit::Reason::kStartFailed:
            return stage_failed(stage, {FailureReason::kSystemFailure, 0, result->message});
        case StageExit::Reason::kStopped:
        case StageExit::Reason::kExited: break;
    }
    if (result->code == 0) return;
    Failure failure{FailureReason::kScriptFailure, exit_code(setup_.runner->executor, *result),
                    exit_text(setup_.runner->executor, *result)};
    if (stage.kind == StageKind::kPrepareScript) {
        failure.message = "prepare environment: " + failure.message +
                          ". Check https://docs.gitlab.com/runner/shells/#shell-profile-loading "
                          "for more information";
    }
    stage_failed(stage, std::move(failure));
}

void JobRun::stage_timed_out(const PlannedStage& stage) {
    log().warning(stage.name + std::string(kTimeoutAdvice));
    const std::string& hint = setup_.executor->info().silence_hint;
    if (!session_->was_reached() && !hint.empty()) log().warning(hint);
    if (stage.kind == StageKind::kPrepareScript) return preparation_timed_out();
    const bool job_is_over = is_over_time();
    if (job_is_over || stage.kind == StageKind::kGetSources) {
        checkpoint_.progress.job_timed_out = job_is_over;
        if (!job_is_over) {
            checkpoint_.progress.prepare_script_failed = true;
            fail({FailureReason::kTimeout, 0,
                  "get sources timeout: exceeded timeout of " +
                      base::format_go_duration(*setup_.runner->get_sources_timeout)});
        }
        return;
    }
    const std::string_view text = stage.kind == StageKind::kStep
                                      ? "script timeout: context deadline exceeded"
                                      : "context deadline exceeded";
    stage_failed(stage, {FailureReason::kTimeout, 0, std::string(text)});
}

bool JobRun::is_over_time() const {
    constexpr std::chrono::milliseconds kNearly{500};
    return *job_deadline() <= Clock::now() + kNearly;
}

void JobRun::stage_stopped(const PlannedStage& stage) {
    const StopReason reason = stop_.reason();
    const bool in_script = stage.kind == StageKind::kStep && checkpoint_.stage_begun;
    if (reason == StopReason::kUserCancel && in_script) {
        log().warning("script canceled externally (UI, API)");
        checkpoint_.progress.step_failed = true;
        // after_script and cleanup have their turn; only an abort or a shutdown stops those.
        stop_.reset();
    }
    checkpoint_.progress.stop = reason;
}

void JobRun::stage_failed(const PlannedStage& stage, Failure failure) {
    switch (stage.kind) {
        case StageKind::kPrepareScript: checkpoint_.progress.prepare_script_failed = true; break;
        case StageKind::kGetSources:
        case StageKind::kRestoreCache:
        case StageKind::kDownloadArtifacts: checkpoint_.progress.sources_failed = true; break;
        case StageKind::kArchiveCache:
        case StageKind::kUploadArtifacts: break;
        case StageKind::kStep: checkpoint_.progress.step_failed = true; break;
        case StageKind::kAfterScript:
            if (behaviour_->flag("AFTER_SCRIPT_IGNORE_ERRORS", true)) {
                log().warning("after_script failed, but job will continue unaffected: " +
                              failure.message);
                return;
            }
            checkpoint_.progress.step_failed = true;
            break;
        case StageKind::kCleanup:
            base::log::warning("Cleaning up a job's files failed",
                               {{"job", status_.id}, {"error", failure.message}});
            return;
    }
    fail(std::move(failure));
}

}  // namespace runner::job
