#include "runner/job/stage_judge.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/duration.hpp"
#include "base/strings.hpp"
#include "runner/job/failure_reason.hpp"

namespace runner::job {

using base::ErrorKind;
using base::StopReason;
using executors::session::StageExit;
using journal::Failure;
using journal::FailureReason;
using journal::Outcome;
using journal::Progress;

namespace {

constexpr std::string_view kTimeoutAdvice =
    " could not run to completion because the timeout was exceeded. For more control over job and "
    "script timeouts see: "
    "https://docs.gitlab.com/ci/runners/configure_runners/#set-script-and-after_script-timeouts";

std::string exit_text(const executors::ExecutorTraits& executor, const StageExit& exit) {
    if (!executor.exit_texts_of_go) return fmt::format("exit code {}", exit.code);
    // Go's words, which are lower case.
    if (exit.signal != 0) return "signal: " + base::to_lower(::strsignal(exit.signal));
    return fmt::format("exit status {}", exit.code);
}

/// Go has no code for a process that a signal ended (job-runtime.md §1.7).
int exit_code(const executors::ExecutorTraits& executor, const StageExit& exit) {
    return executor.exit_texts_of_go && exit.signal != 0 ? -1 : exit.code;
}

Verdict go_on(const Situation& now) {
    Verdict verdict;
    verdict.progress = now.progress;
    return verdict;
}

}  // namespace

Verdict StageJudge::stage(const PlannedStage& stage, const StageResult& result,
                          const Situation& now) const {
    if (now.stop != StopReason::kNone) return stopped(stage, now);
    if (!result) {
        if (result.error().is(ErrorKind::kTimeout)) return timed_out(stage, now);
        return failed(stage, failure_from_error(result.error()), now);
    }
    switch (result->reason) {
        case StageExit::Reason::kDeadline: return timed_out(stage, now);
        case StageExit::Reason::kStartFailed:
            return failed(stage, {FailureReason::kSystemFailure, 0, result->message}, now);
        case StageExit::Reason::kStopped: {
            if (!now.restored) {
                return failed(stage,
                              {FailureReason::kSystemFailure, 0,
                               "the job's environment was stopped from outside (its first process "
                               "got a SIGTERM)"},
                              now);
            }
            // A former daemon stopped the script and ended before it could save this.
            Verdict verdict = go_on(now);
            verdict.progress.stop = StopReason::kShutdown;
            return verdict;
        }
        case StageExit::Reason::kExited: break;
    }
    if (result->code == 0) return go_on(now);
    return failed(stage, script_failure(stage, *result), now);
}

Failure StageJudge::script_failure(const PlannedStage& stage, const StageExit& exit) const {
    Failure failure{FailureReason::kScriptFailure, exit_code(settings_.executor, exit),
                    exit_text(settings_.executor, exit)};
    if (stage.kind == StageKind::kPrepareScript) {
        failure.message = "prepare environment: " + failure.message +
                          ". Check https://docs.gitlab.com/runner/shells/#shell-profile-loading "
                          "for more information";
    }
    return failure;
}

Verdict StageJudge::stopped(const PlannedStage& stage, const Situation& now) const {
    Verdict verdict = go_on(now);
    const bool in_script = stage.kind == StageKind::kStep && now.stage_begun;
    if (base::is_cancel(now.stop) && in_script) {
        verdict.warnings.emplace_back(now.stop == StopReason::kUserCancel
                                          ? "script canceled externally (UI, API)"
                                          : "script canceled by an administrator of the runner");
        verdict.progress.step_failed = true;
        // after_script and cleanup still run; only an abort or a shutdown stops them.
        verdict.forget_stop = true;
    }
    verdict.progress.stop = now.stop;
    return verdict;
}

Verdict StageJudge::preparation(const base::Error& error, const Situation& now) const {
    Verdict verdict = go_on(now);
    if (error.is(ErrorKind::kTimeout)) {
        preparation_timed_out(verdict, now);
    } else if (now.stop != StopReason::kNone) {
        verdict.progress.stop = now.stop;
    } else {
        verdict.failure = failure_from_error(error);
        if (now.job_exit_code) {
            verdict.failure =
                Failure{FailureReason::kScriptFailure, *now.job_exit_code, error.message};
        }
    }
    return verdict;
}

Verdict StageJudge::readiness(const PlannedStage& stage, const base::Error& error,
                              const Situation& now) const {
    if (error.is(ErrorKind::kTimeout)) {
        Verdict verdict = now.stop != StopReason::kNone ? stopped(stage, now) : go_on(now);
        verdict.progress.job_timed_out = true;
        return verdict;
    }
    if (now.stop != StopReason::kNone) return stopped(stage, now);
    Verdict verdict = go_on(now);
    verdict.progress.sources_failed = true;
    verdict.failure = failure_from_error(error);
    return verdict;
}

Verdict StageJudge::timed_out(const PlannedStage& stage, const Situation& now) const {
    Verdict verdict = go_on(now);
    std::vector<std::string> warnings{stage.name + std::string(kTimeoutAdvice)};
    if (!now.silence_hint.empty()) warnings.push_back(now.silence_hint);
    if (stage.kind == StageKind::kPrepareScript) {
        preparation_timed_out(verdict, now);
    } else if (now.job_is_over) {
        verdict.progress.job_timed_out = true;
    } else if (stage.kind == StageKind::kGetSources) {
        sources_timed_out(verdict, now);
    } else {
        const std::string_view text = stage.kind == StageKind::kStep
                                          ? "script timeout: context deadline exceeded"
                                          : "context deadline exceeded";
        verdict = failed(stage, {FailureReason::kTimeout, 0, std::string(text)}, now);
    }
    verdict.warnings.insert(verdict.warnings.begin(), warnings.begin(), warnings.end());
    return verdict;
}

/// Distinguishes the job's time limit from the limit of the preparation.
void StageJudge::preparation_timed_out(Verdict& verdict, const Situation& now) const {
    const auto& limit = settings_.prepare_timeout;
    verdict.progress.job_timed_out = !limit || now.job_is_over;
    if (verdict.progress.job_timed_out) return;
    verdict.progress.prepare_script_failed = true;
    verdict.failure =
        Failure{FailureReason::kTimeout, 0,
                "prepare timeout: exceeded timeout of " + base::format_go_duration(*limit)};
}

void StageJudge::sources_timed_out(Verdict& verdict, const Situation& now) const {
    const auto& limit = settings_.get_sources_timeout;
    verdict.progress.job_timed_out = !limit || now.job_is_over;
    if (verdict.progress.job_timed_out) return;
    verdict.progress.prepare_script_failed = true;
    verdict.failure =
        Failure{FailureReason::kTimeout, 0,
                "get sources timeout: exceeded timeout of " + base::format_go_duration(*limit)};
}

Verdict StageJudge::failed(const PlannedStage& stage, Failure failure, const Situation& now) const {
    Verdict verdict = go_on(now);
    switch (stage.kind) {
        case StageKind::kPrepareScript: verdict.progress.prepare_script_failed = true; break;
        case StageKind::kGetSources:
        case StageKind::kRestoreCache:
        case StageKind::kDownloadArtifacts: verdict.progress.sources_failed = true; break;
        case StageKind::kArchiveCache:
        case StageKind::kUploadArtifacts: break;
        case StageKind::kStep: verdict.progress.step_failed = true; break;
        case StageKind::kAfterScript:
            if (settings_.ignore_after_script_errors) {
                verdict.warnings.push_back(
                    "after_script failed, but job will continue unaffected: " + failure.message);
                return verdict;
            }
            verdict.progress.step_failed = true;
            break;
        case StageKind::kCleanup: verdict.cleanup_problem = failure.message; return verdict;
    }
    verdict.failure = std::move(failure);
    return verdict;
}

Outcome settle(const Progress& progress, const std::optional<Failure>& failure,
               std::chrono::seconds job_limit, const std::string& words) {
    if (progress.job_timed_out) {
        return {Failure{
            FailureReason::kTimeout, 0,
            "execution took longer than " + base::format_go_duration(job_limit) + " seconds"}};
    }
    switch (progress.stop) {
        case StopReason::kUserCancel: return {Failure{FailureReason::kCanceled, 0, "canceled"}};
        case StopReason::kShutdown:
            return {Failure{FailureReason::kInterrupted, 0,
                            "aborted: " + (words.empty() ? "the runner was stopped" : words)}};
        case StopReason::kAdminCancel:
            return {Failure{FailureReason::kInterrupted, 0,
                            "canceled by an administrator of the runner" +
                                (words.empty() ? std::string() : ": " + words)}};
        case StopReason::kAbort:
            return {Failure{FailureReason::kCanceled, 0, "aborted by the server"}};
        case StopReason::kNone:
        case StopReason::kTimeout: break;
    }
    return {failure};
}

}  // namespace runner::job
