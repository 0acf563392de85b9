#include "runner/job/job_run.hpp"

#include <gmock/gmock.h>

#include "tests/unit/runner/job/job_fixture.hpp"

/// The way of a job from its start to its end: what happens when the environment cannot be made or
/// is gone, when the job is stopped at any point, and where a restarted daemon goes on.
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

class JobRuns : public tests::JobFixture {
  protected:
    JobRuns() {
        // Records the calls of both in one order.
        executor_.on_call = [this](const std::string& call) { note(call); };
        channel_.on_call = [this](const std::string& call) { note(call); };
        session_.on_call = [this](tests::FakeSession&, const std::string& call) { note(call); };
    }
    /// Runs one job to its end.
    void run() {
        calls_.clear();
        executor_.calls.clear();
        channel_.calls.clear();
        session_.calls.clear();
        JobRun job(context_.get_executor(), setup());
        job_ = &job;
        if (stop_before_ != StopReason::kNone) job.stop(stop_before_);
        tests::run_to_end(context_, carry_out(job));
        outcome_ = job.outcome();
        job_ = nullptr;
    }
    void fail_preparation(const std::string& message) {
        executor_.results["prepare"] = {base::make_error(ErrorKind::kConfiguration, message)};
    }

    JobRun* job_ = nullptr;  ///< while it runs
    StopReason stop_before_ = StopReason::kNone;
    /// What executor, supervisor and server were asked for, in order.
    std::vector<std::string> calls_;
    std::function<void(const std::string&)> on_call_;
    Outcome outcome_;

  private:
    static base::Task<bool> carry_out(JobRun& job) {
        co_await job.run();
        co_return true;
    }
    void note(const std::string& call) {
        calls_.push_back(call);
        if (on_call_) on_call_(call);
    }
};

TEST_F(JobRuns, EndsWellWhenEveryStageDoes) {
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "prepare", "run_stage", "run_stage", "run_stage",
                                    "run_stage", "finish success", "halt", "cleanup"));
    EXPECT_TRUE(outcome_.success());
    EXPECT_TRUE(session_.closed);
    EXPECT_THAT(channel_.log, HasSubstr("]cleanup_file_variables\nJob succeeded\n"));
    EXPECT_FALSE(journal_is_left());
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

bool is_report(const std::string& call) { return call.starts_with("finish") || call == "abandon"; }

/// A stop in every call that a job makes: whatever is interrupted, the end is the same.
class StopAtEveryCall : public JobRuns, public testing::WithParamInterface<StopReason> {
  protected:
    StopAtEveryCall() {
        payload_.steps.push_back({.name = "after_script", .script = {"true"}, .when = ""});
        protocol::gitlab::Artifact artifact;
        artifact.paths = {"out"};
        artifact.when = "always";
        payload_.artifacts.push_back(artifact);
        runner_.builds_dir = "/builds";
        session_.files["/builds/group/project.tmp/artifacts-0"] =
            executors::helper::make_frame(R"({"name":"artifacts.zip"})") + "zip";
        protocol::gitlab::Dependency dependency;
        dependency.id = 1;
        dependency.artifact_filename = "artifacts.zip";
        payload_.dependencies.push_back(dependency);
        channel_.archives = {{1, "zip"}};
        auto& readiness = executor_.readiness.emplace();
        readiness.engine_socket = "/run/docker.sock";
        readiness.script = "docker buildx create";
    }
    /// The `n`-th call (from 0) does not end by itself, and the stop comes while it is under way.
    /// False when the job has made fewer calls.
    bool run_with_stop_in_call(std::size_t n) {
        bool came = false;
        on_call_ = [&](const std::string& call) {
            if (came || calls_.size() != n + 1) return;
            came = true;
            session_.held_calls = {call};
            executor_.stalled = {"prepare"};
            boost::asio::post(context_, [this, call] {
                if (job_ != nullptr) job_->stop(GetParam());
                // What the stop does not end goes on, and what comes after it is not held.
                session_.held_calls.clear();
                executor_.stalled.clear();
                if (session_.session != nullptr) session_.session->release(call);
            });
        };
        session_.calls.clear();
        executor_.stalled.clear();
        run();
        return came;
    }
};

TEST_P(StopAtEveryCall, ReportsOnceAndLeavesNothing) {
    std::size_t points = 0;
    while (run_with_stop_in_call(points)) {
        const std::string where =
            "a stop in call " + std::to_string(points) + ", " + calls_[points];
        SCOPED_TRACE(where);
        EXPECT_EQ(std::count_if(calls_.begin(), calls_.end(), is_report), 1);
        EXPECT_EQ(calls_.back(), "cleanup");
        EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "cleanup"), 1);
        EXPECT_FALSE(journal_is_left());
        EXPECT_EQ(session_.pump_ended, !session_.calls.empty());
        // A cancel lets after_script and what follows it end as they would.
        const auto told = std::find_if(calls_.begin(), calls_.end(), is_report) - calls_.begin();
        const bool in_time = static_cast<std::ptrdiff_t>(points) < told;
        if (!base::is_cancel(GetParam())) {
            EXPECT_EQ(outcome_.success(), !in_time);
        }
        ++points;
    }
    EXPECT_GT(points, 15U);
}

INSTANTIATE_TEST_SUITE_P(Reasons, StopAtEveryCall,
                         testing::Values(StopReason::kUserCancel, StopReason::kAdminCancel,
                                         StopReason::kAbort, StopReason::kShutdown));

/// The supervisor fails in every call that a job makes to it.
class FailureOfEveryCall : public StopAtEveryCall {
  protected:
    bool run_with_failure_of_call(std::size_t n) {
        bool came = false;
        std::size_t seen = 0;
        on_call_ = [&](const std::string& call) {
            const bool of_session = session_.session != nullptr && !session_.calls.empty() &&
                                    session_.calls.back() == call;
            if (!of_session || came || seen++ != n) return;
            came = true;
            session_.failures[call] = {base::make_error(ErrorKind::kUnavailable, "lost")};
        };
        session_.failures.clear();
        run();
        return came;
    }
};

TEST_P(FailureOfEveryCall, IsReportedOnceAndLeavesNothing) {
    std::size_t points = 0;
    while (run_with_failure_of_call(points)) {
        SCOPED_TRACE("failure of call " + std::to_string(points));
        EXPECT_EQ(std::count_if(channel_.calls.begin(), channel_.calls.end(),
                                [](const std::string& call) { return call.starts_with("finish"); }),
                  1);
        EXPECT_EQ(calls_.back(), "cleanup");
        EXPECT_FALSE(journal_is_left());
        EXPECT_TRUE(session_.pump_ended);
        ++points;
    }
    EXPECT_GT(points, 10U);
}

INSTANTIATE_TEST_SUITE_P(Once, FailureOfEveryCall, testing::Values(StopReason::kNone));

TEST_F(JobRuns, DoesNotRetryWhatTheConfigurationForbids) {
    fail_preparation("disallowed image");
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "prepare", "cleanup", "finish disallowed image",
                                    "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("ERROR: Job failed"));
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, DoesNotBeginAJobThatTheServerDoesNotWant) {
    channel_.start = StartAnswer::kDropped;
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "abandon", "halt", "cleanup"));
    EXPECT_EQ(channel_.log, "");
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, ReportsAJobThatWasCancelledBeforeItsStart) {
    channel_.start = StartAnswer::kCancelled;
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "finish canceled", "halt", "cleanup"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kCanceled);
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
        ASSERT_EQ(calls_.size(), 5U) << testing::PrintToString(calls_);
        EXPECT_EQ(calls_[1], "prepare");
        EXPECT_THAT(calls_[2], testing::StartsWith(told));
        EXPECT_EQ(calls_[4], "cleanup");
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
    payload_.has_secrets = true;
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
