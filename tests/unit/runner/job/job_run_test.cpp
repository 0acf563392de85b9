#include <gmock/gmock.h>

#include <map>

#include "tests/unit/runner/job/job_run_fixture.hpp"

/// The way of a job from its start to its end: what happens when the environment cannot be made or
/// is gone, when the job is stopped, and where a restarted daemon goes on.
namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using journal::Failure;
using journal::FailureReason;
using journal::Outcome;
using journal::Phase;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class JobRuns : public tests::JobRunFixture {};

TEST_F(JobRuns, EndsWellWhenEveryStageDoes) {
    run();
    EXPECT_THAT(calls_, ElementsAre("prepare", "start_answered", "run_stage", "run_stage",
                                    "run_stage", "run_stage", "finish success", "halt", "cleanup"));
    EXPECT_TRUE(outcome_.success());
    EXPECT_TRUE(session_.closed);
    EXPECT_THAT(channel_.log, HasSubstr("]cleanup_file_variables\nJob succeeded\n"));
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, TellsOfTheEndOfEachStage) {
    run();
    EXPECT_THAT(observer_.stages,
                testing::ElementsAre("prepare_executor", "prepare_script", "get_sources",
                                     "step_script", "cleanup_file_variables", "report", "cleanup"));
}

TEST_F(JobRuns, TellsWhatItWaitsFor) {
    std::map<std::string, std::string> waits;
    on_call_ = [&](const std::string& call) { waits[call] = job_->status().waits_for; };
    run();
    EXPECT_EQ(waits["start_answered"], "GitLab's answer to the job's start");
    EXPECT_EQ(waits["prepare"], "");
    EXPECT_EQ(waits["run_stage"], "");
    EXPECT_EQ(waits["finish success"], "GitLab to take the rest of the log and the outcome");
    EXPECT_EQ(waits["cleanup"], "its environment to be removed");
}

TEST_F(JobRuns, MasksTheReasonOfAFailure) {
    channel_.secret = "hunter2";
    fail_preparation("invalid image hunter2:latest");
    run();
    EXPECT_THAT(outcome_.failure->message, HasSubstr("invalid image [MASKED]:latest"))
        << "the daemon's log shows this message";
}

TEST_F(JobRuns, ReportsTheExitCodeOfTheScript) {
    session_.exits = {tests::exit_with(0), tests::exit_with(0), tests::exit_with(42)};
    run();
    EXPECT_THAT(calls_, Contains("finish exit code 42"));
    EXPECT_EQ(outcome_.failure->exit_code, 42);
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kScriptFailure);
}

/// A variable of the job.
protocol::gitlab::Variable plain(std::string key, std::string value) {
    protocol::gitlab::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = true;
    return variable;
}

TEST_F(JobRuns, FailsAtOnceWhenAVariableIsTooLargeForAProgram) {
    payload_.variables = {plain("BIG", std::string(131'068, 'x'))};
    run();
    EXPECT_THAT(calls_, testing::Not(Contains("prepare")));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kScriptFailure);
    EXPECT_THAT(channel_.log, HasSubstr("Job failed: the variable BIG (131068 bytes)"));
    EXPECT_THAT(channel_.log, HasSubstr("type File"));
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, FailsAtOnceWhenTextsBecomeTooLarge) {
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "$A";
    const auto a = plain("A", std::string(100'000, 'a'));
    for (int field = 0; field < 3; ++field) {
        payload_.variables = {a};
        payload_.image.reset();
        payload_.cache.clear();
        if (field == 0) payload_.variables.push_back(plain("B", many));
        if (field == 1) payload_.image.emplace().name = many;
        if (field == 2) payload_.cache.emplace_back().key = many;
        run();
        EXPECT_THAT(calls_, testing::Not(Contains("prepare"))) << field;
        EXPECT_EQ(outcome_.failure->reason, FailureReason::kScriptFailure) << field;
    }
}

TEST_F(JobRuns, TellsWhatBecameOfTheCaches) {
    payload_.cache.emplace_back().key = "key";
    payload_.cache.front().paths = {"a"};
    session_.on_run = [](tests::FakeSession& session,
                         const executors::session::StageCommand& command) {
        const bool restore = command.script.find("do cache-restore") != std::string::npos;
        const bool save = command.script.find("do cache-save") != std::string::npos;
        EXPECT_EQ(command.report, restore || save) << "only the runner's own scripts report";
        if (!command.report) return;
        auto exit = tests::exit_with(0);
        exit.report = restore ? "cache-restore 0 miss 0\n" : "cache-save 0 saved 31\n";
        session.finish(command.stage, exit);
    };
    run();
    EXPECT_THAT(observer_.others, ElementsAre("cache miss 0", "cache saved 31"));
}

TEST_F(JobRuns, WarnsOfNamesThatSomeShellsDrop) {
    payload_.variables = {plain("a-b", "1"), plain("", "2")};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(channel_.log, HasSubstr("a-b\n"));
    EXPECT_THAT(channel_.log, HasSubstr("left out"));
}

/// Jobs that former daemons took up four times.
class JobTakeovers : public JobRuns {
  protected:
    JobTakeovers() {
        checkpoint_.emplace();
        checkpoint_->phase = Phase::kRunning;
        checkpoint_->executor_state = "{}";
        checkpoint_->plan_index = 2;
        checkpoint_->takeovers = 4;
    }
    int counted() {
        const auto jobs = journal::find_jobs(dir_.path());
        return jobs.size() == 1 ? jobs[0].checkpoint.takeovers : -1;
    }
};

TEST_F(JobTakeovers, AreForgottenWhenTheDaemonOutlivesOne) {
    int at_first = -1;
    int later = -1;
    executor_.hooks["restore"] = [&] { at_first = job_->context().checkpoints.state().takeovers; };
    session_.on_run = [&](tests::FakeSession&, const executors::session::StageCommand&) {
        boost::asio::post(context_, [&] { later = counted(); });
    };
    run();
    EXPECT_EQ(at_first, 4);
    EXPECT_EQ(later, 0) << "the pause before the proof takes no time here";
}

TEST_F(JobTakeovers, AreForgottenWhenTheJobGoesOn) {
    pauses_end_ = false;
    int before = -1;
    int after = -1;
    session_.on_run = [&](tests::FakeSession& session, const executors::session::StageCommand& c) {
        if (before >= 0) return;
        before = job_->context().checkpoints.state().takeovers;
        session.feed(c.stage, "output");
        after = job_->context().checkpoints.state().takeovers;
    };
    run();
    EXPECT_EQ(before, 4);
    EXPECT_EQ(after, 0);
}

TEST_F(JobRuns, TriesToRestoreTheCacheAgain) {
    protocol::gitlab::Variable attempts;
    attempts.key = "RESTORE_CACHE_ATTEMPTS";
    attempts.value = "2";
    payload_.variables.push_back(attempts);
    auto& cache = payload_.cache.emplace_back();
    cache.key = "k";
    cache.paths = {"kept/"};
    // prepare_script, get_sources, restore_cache, restore_cache
    session_.exits = {tests::exit_with(0), tests::exit_with(0), tests::exit_with(1)};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(pauses_, ElementsAre(std::chrono::seconds(5)));
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: Retrying...\n[restore_cache\n"));
}

TEST_F(JobRuns, TriesToGetTheSourcesAgain) {
    protocol::gitlab::Variable attempts;
    attempts.key = "GET_SOURCES_ATTEMPTS";
    attempts.value = "3";
    payload_.variables.push_back(attempts);
    // prepare_script, get_sources, clear_worktree, get_sources
    session_.exits = {tests::exit_with(0), tests::exit_with(1), tests::exit_with(0)};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(pauses_, ElementsAre(std::chrono::seconds(5)));
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: Retrying...\n[clear_worktree\n"));
}

TEST_F(JobRuns, WaitsLessBeforeARetryWithoutTheFlag) {
    payload_.variables = {plain("GET_SOURCES_ATTEMPTS", "3"),
                          plain("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY", "false")};
    session_.exits = {tests::exit_with(0), tests::exit_with(1), tests::exit_with(0)};
    run();
    EXPECT_THAT(pauses_, ElementsAre(std::chrono::seconds(1)));
}

TEST_F(JobRuns, RunsNoScriptWhenTheEngineDoesNotBecomeReady) {
    executor_.readiness.emplace().engine_socket = "/run/docker.sock";
    session_.failures["wait_engine"] = {base::make_error(ErrorKind::kTimeout, "no engine")};
    run();
    EXPECT_THAT(calls_, Contains("finish no engine"));
    EXPECT_EQ(channel_.log.find("[step_script"), std::string::npos);
}

TEST_F(JobRuns, TellsTheSupervisorHowMuchOutputIsOfUse) {
    channel_.output_limit = 1000;
    run();
    EXPECT_EQ(session_.output_limit, 2 * 1000U + (1U << 20U));
}

TEST_F(JobRuns, GoesOnAtTheStageThatTheCheckpointNames) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kRunning;
    checkpoint_->plan_index = 2;
    checkpoint_->stage_begun = true;
    checkpoint_->trace_state = "{}";
    checkpoint_->executor_state = "{}";
    checkpoint_->progress.steps_reached = true;
    run();
    EXPECT_THAT(calls_, ElementsAre("restore", "run_stage", "run_stage", "finish success", "halt",
                                    "cleanup"));
    EXPECT_EQ(channel_.log.find("[step_script"), std::string::npos)
        << "its heading is in the log already";
}

TEST_F(JobRuns, DoesNotRetryWhatTheConfigurationForbids) {
    fail_preparation("disallowed image");
    run();
    EXPECT_THAT(calls_,
                ElementsAre("prepare", "cleanup", "finish disallowed image", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Job failed"));
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, RunsNoScriptWhenItIsStoppedBeforeTheServerConfirmsItsStart) {
    const std::vector<std::pair<StopReason, std::string>> cases{
        {StopReason::kUserCancel, "finish canceled"},
        {StopReason::kShutdown, "finish aborted: "},
        {StopReason::kAbort, "abandon"}};
    channel_.holds_start = true;
    for (const auto& [reason, told] : cases) {
        on_call_ = [this, reason = reason](const std::string& call) {
            if (call != "start_answered") return;
            boost::asio::post(context_, [this, reason] { channel_.stop(reason); });
        };
        run();
        EXPECT_THAT(calls_, ElementsAre("prepare", "start_answered", testing::StartsWith(told),
                                        "halt", "cleanup"));
        EXPECT_FALSE(journal_is_left());
    }
}

TEST_F(JobRuns, CleansUpAndReportsAfterAStopDuringThePreparation) {
    const std::vector<std::pair<StopReason, std::string>> cases{
        {StopReason::kUserCancel, "finish canceled"},
        {StopReason::kShutdown, "finish aborted: "},
        {StopReason::kAbort, "abandon"}};
    executor_.stalled = {"prepare"};
    for (const auto& [reason, told] : cases) {
        on_call_ = [this, reason = reason](const std::string& call) {
            if (call != "prepare") return;
            boost::asio::post(context_, [this, reason] { channel_.stop(reason); });
        };
        run();
        EXPECT_THAT(calls_, ElementsAre("prepare", testing::StartsWith(told), "halt", "cleanup"));
        EXPECT_FALSE(journal_is_left());
    }
}

TEST_F(JobRuns, PreparesNothingAfterAStopBeforeTheStart) {
    stop_before_ = StopReason::kShutdown;
    run();
    EXPECT_THAT(calls_, testing::Not(Contains("prepare")));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kInterrupted);
}

TEST_F(JobRuns, HasALimitOfItsOwnForThePreparation) {
    runner_.prepare_timeout = std::chrono::milliseconds(50);
    executor_.stalled = {"prepare"};
    run();
    EXPECT_THAT(calls_, Contains("finish prepare timeout: exceeded timeout of 50ms"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kTimeout);
}

TEST_F(JobRuns, WarnsOfDebuggingThatTheAdministratorForbids) {
    fail_preparation("no");
    protocol::gitlab::Variable wish;
    wish.key = "CI_DEBUG_TRACE";
    wish.value = "true";
    payload_.variables.push_back(wish);
    runner_.debug_trace_disabled = true;
    run();
    EXPECT_THAT(channel_.log,
                HasSubstr("WARNING: CI_DEBUG_TRACE: usage is disabled on this Runner"));
}

TEST_F(JobRuns, SaysWhatItCannotRunWithoutMakingAnEnvironment) {
    payload_.missing_secrets = {"PASSWORD"};
    run();
    EXPECT_THAT(calls_, testing::Not(Contains("prepare")));
    EXPECT_THAT(channel_.log, HasSubstr("secrets"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kSystemFailure);
}

TEST_F(JobRuns, RepeatsAPreparationThatARestartInterrupted) {
    checkpoint_.emplace();
    fail_preparation("no");
    run();
    EXPECT_THAT(calls_, ElementsAre("prepare", "cleanup", "finish no", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("the preparation begins anew"));
}

TEST_F(JobRuns, WritesTheHeadOfTheLogOnce) {
    for (const bool had_log : {false, true}) {
        fail_preparation("no");
        channel_.log.clear();
        checkpoint_.emplace();
        if (had_log) checkpoint_->trace_state = "{}";
        run();
        EXPECT_EQ(channel_.log.find("Running with gitlab-runner") == std::string::npos, had_log);
    }
}

TEST_F(JobRuns, ReportsAMissingEnvironmentAsASystemFailure) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kRunning;
    checkpoint_->executor_state = "{}";
    executor_.results["restore"] = {base::make_error(ErrorKind::kNotFound, "no such container")};
    run();
    EXPECT_EQ(calls_.front(), "restore");
    EXPECT_THAT(calls_, Contains(HasSubstr("the job's environment is gone: no such container")));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kSystemFailure);
}

TEST_F(JobRuns, OnlyReportsAnOutcomeThatIsDecided) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kReporting;
    checkpoint_->executor_state = "{}";
    checkpoint_->outcome.failure = Failure{FailureReason::kScriptFailure, 42, "exit code 42"};
    run();
    EXPECT_THAT(calls_, ElementsAre("finish exit code 42", "restore", "halt", "cleanup"));
    EXPECT_EQ(channel_.log, "");
}

TEST_F(JobRuns, OnlyCleansUpAfterAJobThatIsReported) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kCleaning;
    checkpoint_->executor_state = "{}";
    run();
    EXPECT_THAT(calls_, testing::Not(Contains(testing::StartsWith("finish"))));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, KeepsTheJournalOfAnEnvironmentThatCannotBeRemoved) {
    executor_.results["cleanup"] = {base::make_error(ErrorKind::kUnavailable, "no engine")};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_TRUE(journal_is_left()) << "the next start tries again";
}

}  // namespace
}  // namespace runner::job
