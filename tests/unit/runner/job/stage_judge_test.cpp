#include "runner/job/stage_judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using executors::session::StageExit;
using journal::FailureReason;
using journal::Progress;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

StageExit exited(int code, int signal = 0) {
    StageExit exit;
    exit.code = code;
    exit.signal = signal;
    return exit;
}

StageExit ended(StageExit::Reason reason, std::string message = {}) {
    StageExit exit;
    exit.reason = reason;
    exit.message = std::move(message);
    return exit;
}

StageResult error(ErrorKind kind, std::string message = "trouble") {
    return base::make_error(kind, std::move(message));
}

PlannedStage stage_of(StageKind kind) { return {.kind = kind, .name = "name", .heading = ""}; }

/// "sources_failed step_failed stop=user_cancel", "" for nothing.
std::string text_of(const Progress& progress) {
    std::string text;
    const auto add = [&text](bool set, std::string_view name) {
        if (!set) return;
        if (!text.empty()) text += ' ';
        text += name;
    };
    add(progress.prepare_script_failed, "prepare_script_failed");
    add(progress.sources_failed, "sources_failed");
    add(progress.steps_reached, "steps_reached");
    add(progress.step_failed, "step_failed");
    add(progress.job_timed_out, "job_timed_out");
    add(progress.stop == StopReason::kUserCancel, "stop=user_cancel");
    add(progress.stop == StopReason::kAdminCancel, "stop=admin_cancel");
    add(progress.stop == StopReason::kAbort, "stop=abort");
    add(progress.stop == StopReason::kShutdown, "stop=shutdown");
    return text;
}

const StageJudge& docker() {
    static const StageJudge kJudge({.executor = executors::kDockerTraits,
                                    .prepare_timeout = std::chrono::seconds(30),
                                    .get_sources_timeout = std::chrono::seconds(90),
                                    .ignore_after_script_errors = true});
    return kJudge;
}

struct Case {
    std::string name;
    StageKind kind;
    StageResult result;
    Situation now;
    std::string progress;
    std::string failure;  ///< its message; "" for none
    FailureReason reason = FailureReason::kSystemFailure;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class StageVerdict : public testing::TestWithParam<Case> {};

TEST_P(StageVerdict, FollowsFromTheEndOfTheStage) {
    const Case& test = GetParam();
    const Verdict verdict = docker().stage(stage_of(test.kind), test.result, test.now);
    EXPECT_EQ(text_of(verdict.progress), test.progress);
    EXPECT_EQ(verdict.failure ? verdict.failure->message : "", test.failure);
    if (verdict.failure) {
        EXPECT_EQ(verdict.failure->reason, test.reason);
    }
}

constexpr auto kScript = FailureReason::kScriptFailure;
constexpr auto kSystem = FailureReason::kSystemFailure;
constexpr auto kTimeout = FailureReason::kTimeout;

INSTANTIATE_TEST_SUITE_P(
    All, StageVerdict,
    testing::Values(
        Case{"success", StageKind::kStep, exited(0), {}, "", ""},
        Case{"success keeps what was",
             StageKind::kArchiveCache,
             exited(0),
             {.progress = {.steps_reached = true, .step_failed = true}},
             "steps_reached step_failed",
             ""},
        Case{
            "a step fails", StageKind::kStep, exited(3), {}, "step_failed", "exit code 3", kScript},
        Case{"a signal ends a step",
             StageKind::kStep,
             exited(137, 9),
             {},
             "step_failed",
             "exit code 137",
             kScript},
        Case{"the prepare script fails",
             StageKind::kPrepareScript,
             exited(1),
             {},
             "prepare_script_failed",
             "prepare environment: exit code 1. Check "
             "https://docs.gitlab.com/runner/shells/#shell-profile-loading for more information",
             kScript},
        Case{"get_sources fails",
             StageKind::kGetSources,
             exited(1),
             {},
             "sources_failed",
             "exit code 1",
             kScript},
        Case{"restoring the cache fails",
             StageKind::kRestoreCache,
             exited(1),
             {},
             "sources_failed",
             "exit code 1",
             kScript},
        Case{"a download fails",
             StageKind::kDownloadArtifacts,
             exited(1),
             {},
             "sources_failed",
             "exit code 1",
             kScript},
        Case{"saving the cache fails",
             StageKind::kArchiveCache,
             exited(1),
             {},
             "",
             "exit code 1",
             kScript},
        Case{"an upload fails",
             StageKind::kUploadArtifacts,
             exited(1),
             {},
             "",
             "exit code 1",
             kScript},
        Case{"after_script fails", StageKind::kAfterScript, exited(1), {}, "", ""},
        Case{"the cleanup fails", StageKind::kCleanup, exited(1), {}, "", ""},
        Case{"the shell does not start",
             StageKind::kStep,
             ended(StageExit::Reason::kStartFailed, "no shell"),
             {},
             "step_failed",
             "no shell",
             kSystem},
        Case{"the supervisor is lost",
             StageKind::kStep,
             error(ErrorKind::kUnavailable),
             {},
             "step_failed",
             "trouble",
             kSystem},
        Case{"the configuration forbids it",
             StageKind::kRestoreCache,
             error(ErrorKind::kConfiguration),
             {},
             "sources_failed",
             "trouble",
             FailureReason::kConfigurationError},
        Case{"the script's limit",
             StageKind::kStep,
             ended(StageExit::Reason::kDeadline),
             {},
             "step_failed",
             "script timeout: context deadline exceeded",
             kTimeout},
        Case{"the script's limit, kept by the daemon",
             StageKind::kStep,
             error(ErrorKind::kTimeout),
             {},
             "step_failed",
             "script timeout: context deadline exceeded",
             kTimeout},
        Case{"the job's limit in the script",
             StageKind::kStep,
             ended(StageExit::Reason::kDeadline),
             {.job_is_over = true},
             "job_timed_out",
             ""},
        Case{"the limit of after_script",
             StageKind::kAfterScript,
             ended(StageExit::Reason::kDeadline),
             {},
             "",
             ""},
        Case{"the limit of get_sources",
             StageKind::kGetSources,
             ended(StageExit::Reason::kDeadline),
             {},
             "prepare_script_failed",
             "get sources timeout: exceeded timeout of 1m30s",
             kTimeout},
        Case{"the job's limit in get_sources",
             StageKind::kGetSources,
             ended(StageExit::Reason::kDeadline),
             {.job_is_over = true},
             "job_timed_out",
             ""},
        Case{"the limit of the preparation",
             StageKind::kPrepareScript,
             ended(StageExit::Reason::kDeadline),
             {},
             "prepare_script_failed",
             "prepare timeout: exceeded timeout of 30s",
             kTimeout},
        Case{"the job's limit in the preparation",
             StageKind::kPrepareScript,
             ended(StageExit::Reason::kDeadline),
             {.job_is_over = true},
             "job_timed_out",
             ""},
        Case{"stopped from outside",
             StageKind::kStep,
             ended(StageExit::Reason::kStopped),
             {},
             "step_failed",
             "the job's environment was stopped from outside (its first process got a SIGTERM)",
             kSystem},
        Case{"stopped by the former daemon",
             StageKind::kStep,
             ended(StageExit::Reason::kStopped),
             {.restored = true},
             "stop=shutdown",
             ""},
        Case{"cancelled in the script",
             StageKind::kStep,
             ended(StageExit::Reason::kStopped),
             {.stop = StopReason::kUserCancel, .stage_begun = true},
             "step_failed stop=user_cancel",
             ""},
        Case{"cancelled in the script by an administrator",
             StageKind::kStep,
             ended(StageExit::Reason::kStopped),
             {.stop = StopReason::kAdminCancel, .stage_begun = true},
             "step_failed stop=admin_cancel",
             ""},
        Case{"cancelled in get_sources",
             StageKind::kGetSources,
             ended(StageExit::Reason::kStopped),
             {.stop = StopReason::kUserCancel, .stage_begun = true},
             "stop=user_cancel",
             ""},
        Case{"aborted",
             StageKind::kStep,
             error(ErrorKind::kCancelled),
             {.stop = StopReason::kAbort, .stage_begun = true},
             "stop=abort",
             ""},
        Case{"shut down",
             StageKind::kStep,
             exited(0),
             {.stop = StopReason::kShutdown, .stage_begun = true},
             "stop=shutdown",
             ""}));

TEST(StageJudge, FormatsTheEndOfAScriptAsGoDoesForTheShellExecutor) {
    const StageJudge shell({.executor = executors::kShellTraits});
    const Verdict code = shell.stage(stage_of(StageKind::kStep), exited(3), {});
    EXPECT_EQ(code.failure->message, "exit status 3");
    EXPECT_EQ(code.failure->exit_code, 3);
    const Verdict signal = shell.stage(stage_of(StageKind::kStep), exited(137, 9), {});
    EXPECT_EQ(signal.failure->message, "signal: killed");
    EXPECT_EQ(signal.failure->exit_code, -1);
}

TEST(StageJudge, FailsTheJobWhenAfterScriptErrorsCount) {
    const StageJudge strict(
        {.executor = executors::kDockerTraits, .ignore_after_script_errors = false});
    const Verdict verdict = strict.stage(stage_of(StageKind::kAfterScript), exited(2), {});
    EXPECT_EQ(text_of(verdict.progress), "step_failed");
    EXPECT_EQ(verdict.failure->message, "exit code 2");
    EXPECT_THAT(verdict.warnings, IsEmpty());
}

TEST(StageJudge, WarnsOfAnAfterScriptThatFailed) {
    const Verdict verdict = docker().stage(stage_of(StageKind::kAfterScript), exited(2), {});
    EXPECT_THAT(verdict.warnings,
                ElementsAre("after_script failed, but job will continue unaffected: exit code 2"));
}

TEST(StageJudge, TellsAFailedCleanupToTheDaemonOnly) {
    const Verdict verdict = docker().stage(stage_of(StageKind::kCleanup), exited(2), {});
    EXPECT_EQ(verdict.cleanup_problem, "exit code 2");
    EXPECT_THAT(verdict.warnings, IsEmpty());
}

TEST(StageJudge, WarnsOfALimitAndOfASupervisorThatNeverAnswered) {
    const Verdict verdict = docker().stage(stage_of(StageKind::kStep), error(ErrorKind::kTimeout),
                                           {.silence_hint = "the ENTRYPOINT is stuck"});
    EXPECT_THAT(verdict.warnings,
                ElementsAre(HasSubstr("name could not run to completion because the timeout"),
                            "the ENTRYPOINT is stuck"));
}

TEST(StageJudge, RunsTheStagesAfterACancelledScript) {
    const Situation now{.stop = StopReason::kUserCancel, .stage_begun = true};
    const Verdict in_script = docker().stopped(stage_of(StageKind::kStep), now);
    EXPECT_TRUE(in_script.forget_stop);
    EXPECT_THAT(in_script.warnings, ElementsAre("script canceled externally (UI, API)"));
    const Verdict before = docker().stopped(
        stage_of(StageKind::kStep), {.stop = StopReason::kUserCancel, .stage_begun = false});
    EXPECT_FALSE(before.forget_stop);
    EXPECT_EQ(text_of(before.progress), "stop=user_cancel");
    const Verdict abort = docker().stopped(stage_of(StageKind::kStep),
                                           {.stop = StopReason::kAbort, .stage_begun = true});
    EXPECT_FALSE(abort.forget_stop);
}

TEST(StageJudge, JudgesThePreparation) {
    const auto failed = [](ErrorKind kind, const Situation& now) {
        return docker().preparation(base::make_error(kind, "trouble"), now);
    };
    EXPECT_EQ(failed(ErrorKind::kConfiguration, {}).failure->reason,
              FailureReason::kConfigurationError);
    EXPECT_EQ(failed(ErrorKind::kTimeout, {}).failure->message,
              "prepare timeout: exceeded timeout of 30s");
    const Verdict over = failed(ErrorKind::kTimeout, {.job_is_over = true});
    EXPECT_EQ(text_of(over.progress), "job_timed_out");
    EXPECT_FALSE(over.failure);
    const Verdict stopped = failed(ErrorKind::kCancelled, {.stop = StopReason::kUserCancel});
    EXPECT_EQ(text_of(stopped.progress), "stop=user_cancel");
    EXPECT_FALSE(stopped.failure);
    const Verdict by_driver = failed(ErrorKind::kIo, {.job_exit_code = 9});
    EXPECT_EQ(by_driver.failure->reason, FailureReason::kScriptFailure);
    EXPECT_EQ(by_driver.failure->exit_code, 9);
}

TEST(StageJudge, TakesThePreparationsTimeoutForTheJobsWhenThereIsNoOther) {
    const StageJudge judge({.executor = executors::kDockerTraits});
    const Verdict verdict =
        judge.preparation(base::make_error(ErrorKind::kTimeout, "out of time"), {});
    EXPECT_EQ(text_of(verdict.progress), "job_timed_out");
}

TEST(StageJudge, JudgesAnEngineThatDoesNotBecomeReady) {
    const auto failed = [](ErrorKind kind, const Situation& now) {
        return docker().readiness(stage_of(StageKind::kStep), base::make_error(kind, "no engine"),
                                  now);
    };
    const Verdict down = failed(ErrorKind::kUnavailable, {});
    EXPECT_EQ(text_of(down.progress), "sources_failed");
    EXPECT_EQ(down.failure->message, "no engine");
    EXPECT_EQ(text_of(failed(ErrorKind::kTimeout, {}).progress), "job_timed_out");
    EXPECT_EQ(text_of(failed(ErrorKind::kCancelled, {.stop = StopReason::kShutdown}).progress),
              "stop=shutdown");
}

TEST(Settle, DecidesAboutTheOneOutcome) {
    const journal::Failure script{FailureReason::kScriptFailure, 3, "exit code 3"};
    const auto settled = [&](const Progress& progress, std::string signal = {}) {
        const auto outcome = settle(progress, script, std::chrono::seconds(60), signal);
        return outcome.failure->message;
    };
    EXPECT_EQ(settled({}), "exit code 3");
    EXPECT_EQ(settled({.job_timed_out = true}), "execution took longer than 1m0s seconds");
    EXPECT_EQ(settled({.stop = StopReason::kUserCancel}), "canceled");
    EXPECT_EQ(settled({.stop = StopReason::kAbort}), "aborted by the server");
    EXPECT_EQ(settled({.stop = StopReason::kAdminCancel}),
              "canceled by an administrator of the runner");
    EXPECT_EQ(settled({.stop = StopReason::kAdminCancel}, "maintenance"),
              "canceled by an administrator of the runner: maintenance");
    EXPECT_EQ(settled({.stop = StopReason::kShutdown}), "aborted: the runner was stopped");
    EXPECT_EQ(settled({.stop = StopReason::kShutdown}, "interrupt"), "aborted: interrupt");
    EXPECT_EQ(settled({.job_timed_out = true, .stop = StopReason::kAbort}),
              "execution took longer than 1m0s seconds");
    EXPECT_TRUE(settle({}, std::nullopt, std::chrono::seconds(60), "").success());
}

}  // namespace
}  // namespace runner::job
