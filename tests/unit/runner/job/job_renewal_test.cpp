#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/runner/job/job_run_fixture.hpp"

/// What a job does when the place where its scripts run is gone.
namespace runner::job {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class JobRenewal : public tests::JobRunFixture {
  protected:
    JobRenewal() {
        protocol::gitlab::Variable variable;
        variable.key = "EXECUTOR_JOB_SECTION_ATTEMPTS";
        variable.value = "3";
        payload_.variables.push_back(variable);
        executor_.can_renew = true;
        on_call_ = [this](const std::string& call) { lose(call); };
    }
    /// The supervisor's scripts, from the first of the job on, that do not get to their end.
    std::vector<std::size_t> lost_scripts_;

  private:
    void lose(const std::string& call) {
        if (call != "run_stage") return;
        const std::size_t number = scripts_++;
        if (std::count(lost_scripts_.begin(), lost_scripts_.end(), number) == 0) return;
        session_.failures[call] = {base::make_error(ErrorKind::kNotFound, "it is gone")};
    }
    std::size_t scripts_ = 0;
};

// The scripts are prepare_script (0), get_sources (1), step_script (2), cleanup_file_variables.

TEST_F(JobRenewal, RunsTheScriptAgain) {
    lost_scripts_ = {2};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "renew", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("]step_script\nRetrying step_script\n[step_script\n"));
}

TEST_F(JobRenewal, ReadsTheEventsOfTheNewSupervisorFromTheirBegin) {
    lost_scripts_ = {2};
    run();
    EXPECT_EQ(session_.offsets, (std::vector<std::uint64_t>{0, 0}));
}

TEST_F(JobRenewal, GivesUpAfterTheLastAttempt) {
    lost_scripts_ = {2, 3, 4};
    run();
    ASSERT_FALSE(outcome_.success());
    EXPECT_EQ(outcome_.failure->reason, journal::FailureReason::kSystemFailure);
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "renew", "renew", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: Execution attempts exceeded\n"));
}

TEST_F(JobRenewal, CountsTheAttemptsOfEachStage) {
    payload_.steps.push_back({.name = "after_script", .script = {"true"}, .when = "always"});
    lost_scripts_ = {2, 3, 5, 6};  // 4 is the script's last attempt
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(executor_.calls,
                ElementsAre("prepare", "renew", "renew", "renew", "renew", "halt", "cleanup"));
}

TEST_F(JobRenewal, LetsAfterScriptRunWhenTheScriptHasLostItsLastAttempt) {
    payload_.steps.push_back({.name = "after_script", .script = {"true"}, .when = "always"});
    lost_scripts_ = {2, 3, 4, 5};
    run();
    EXPECT_FALSE(outcome_.success());
    EXPECT_THAT(executor_.calls,
                ElementsAre("prepare", "renew", "renew", "renew", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, HasSubstr("Retrying after_script\n"));
}

TEST_F(JobRenewal, FailsAtOnceWithoutTheVariable) {
    payload_.variables.clear();
    lost_scripts_ = {2};
    run();
    EXPECT_FALSE(outcome_.success());
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "halt", "cleanup"));
    EXPECT_THAT(channel_.log, Not(HasSubstr("attempts exceeded")));
}

TEST_F(JobRenewal, FailsWhereTheExecutorCannotDoIt) {
    executor_.can_renew = false;
    lost_scripts_ = {2};
    run();
    EXPECT_FALSE(outcome_.success());
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "halt", "cleanup"));
}

TEST_F(JobRenewal, FailsWhenThereIsNoNewEnvironment) {
    executor_.results["renew"] = {base::make_error(ErrorKind::kUnavailable, "no engine")};
    lost_scripts_ = {2};
    run();
    ASSERT_FALSE(outcome_.success());
    EXPECT_THAT(outcome_.failure->message, HasSubstr("no engine"));
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "renew", "halt", "cleanup"));
}

TEST_F(JobRenewal, MakesTheEngineReadyAgain) {
    executor_.readiness.emplace().engine_socket = "/run/docker.sock";
    lost_scripts_ = {1};
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_EQ(observer_.others, (std::vector<std::string>{"engine", "engine"}));
}

TEST_F(JobRenewal, IsEndedByAStop) {
    lost_scripts_ = {2};
    executor_.hooks["renew"] = [this] {
        boost::asio::post(context_, [this] { job_->stop(base::StopReason::kUserCancel); });
    };
    executor_.stalled = {"renew"};
    run();
    ASSERT_FALSE(outcome_.success());
    EXPECT_EQ(outcome_.failure->reason, journal::FailureReason::kCanceled);
    EXPECT_THAT(executor_.calls, ElementsAre("prepare", "renew", "halt", "cleanup"));
}

}  // namespace
}  // namespace runner::job
