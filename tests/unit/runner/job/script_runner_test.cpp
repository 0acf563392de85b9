#include "runner/job/script_runner.hpp"

#include <gmock/gmock.h>

#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using executors::session::StageExit;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint16_t kNumber = 2048;

class ScriptRunnerTest : public tests::JobFixture {
  protected:
    StageResult run_script(tests::JobFixture::Parts& job, base::Deadline deadline) {
        ScriptRunner scripts(job.context, job.session);
        return run(scripts.run(kNumber, "make\n", deadline));
    }
    StageResult run_script(tests::JobFixture::Parts& job) {
        return run_script(job, job.context.deadline());
    }
};

TEST_F(ScriptRunnerTest, GivesTheSupervisorTheScriptAndTheJobsVariables) {
    executor_.info.user = "1000";
    executor_.info.login_arguments = {"-l"};
    executor_.info.shells = {"/bin/sh"};
    executor_.info.script_environment = {{"DOCKER_HOST", "unix:///engine.sock"},
                                         {"CI_JOB_STATUS", "overwritten"}};
    executor_.info.fixed_environment = {{"CI_SERVER", "fixed"}};
    auto job = parts();
    const auto exit = run_script(*job);
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 0);
    ASSERT_EQ(session_.stages.size(), 1U);
    const auto& command = session_.stages[0];
    EXPECT_EQ(command.stage, kNumber);
    EXPECT_EQ(command.script, "make\n");
    EXPECT_EQ(command.user, "1000");
    EXPECT_THAT(command.arguments, ElementsAre("-l"));
    EXPECT_TRUE(command.login_once);
    EXPECT_THAT(command.shells, ElementsAre("/bin/sh"));
    EXPECT_EQ(command.environment.at("DOCKER_HOST"), "unix:///engine.sock");
    EXPECT_NE(command.environment.at("CI_JOB_STATUS"), "overwritten") << "the job's variable wins";
    EXPECT_EQ(command.environment.at("CI_SERVER"), "fixed") << "no variable of the job hides it";
    EXPECT_EQ(command.grace, seconds(10));
    EXPECT_GT(command.deadline, seconds(3500));
    EXPECT_LE(command.deadline, seconds(3600));
}

TEST_F(ScriptRunnerTest, AnswersTheExitOfTheScript) {
    session_.exits = {tests::exit_with(42)};
    auto job = parts();
    EXPECT_EQ(run_script(*job)->code, 42);
}

TEST_F(ScriptRunnerTest, StopsTheScriptWithTheGraceOfTheReason) {
    const std::vector<std::pair<StopReason, seconds>> cases{{StopReason::kUserCancel, seconds(10)},
                                                            {StopReason::kShutdown, seconds(5)},
                                                            {StopReason::kAbort, seconds(1)}};
    for (const auto& [reason, grace] : cases) {
        session_ = {};
        session_.held_stages = {kNumber};
        auto job = parts();
        session_.on_run = [&, reason = reason](tests::FakeSession&, const auto&) {
            stop_soon(job->context, reason);
        };
        const auto exit = run_script(*job);
        ASSERT_TRUE(exit) << exit.error().message;
        EXPECT_EQ(exit->reason, StageExit::Reason::kStopped);
        ASSERT_EQ(session_.stops.size(), 1U);
        EXPECT_EQ(session_.stops[0].stage, kNumber);
        EXPECT_EQ(session_.stops[0].grace, grace);
    }
}

TEST_F(ScriptRunnerTest, TellsThatAStoppedScriptEndedAlsoWhenItEndedByItself) {
    session_.held_stages = {kNumber};
    session_.exit_of[kNumber] = tests::exit_with(0);
    auto job = parts();
    session_.on_run = [&](tests::FakeSession&, const auto&) {
        stop_soon(job->context, StopReason::kUserCancel);
    };
    EXPECT_EQ(run_script(*job)->reason, StageExit::Reason::kStopped);
}

TEST_F(ScriptRunnerTest, BeginsNothingOnceTheJobIsStopped) {
    auto job = parts();
    job->context.stop.request(StopReason::kAbort);
    const auto exit = run_script(*job);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().kind, ErrorKind::kCancelled);
    EXPECT_THAT(session_.calls, IsEmpty());
}

TEST_F(ScriptRunnerTest, TellsAStopToTheScriptThatAFormerDaemonBegan) {
    checkpoint_.emplace();
    checkpoint_->phase = journal::Phase::kRunning;
    checkpoint_->stage_begun = true;
    auto job = parts();
    job->context.stop.request(StopReason::kShutdown);
    ScriptRunner scripts(job->context, job->session);
    const auto first = run(scripts.run(kNumber, "make\n", job->context.deadline()));
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(session_.stops.size(), 1U);
    const auto second = run(scripts.run(kNumber + 1, "make\n", job->context.deadline()));
    ASSERT_FALSE(second) << "only the script that may run already";
    EXPECT_EQ(session_.stops.size(), 1U);
}

TEST_F(ScriptRunnerTest, KeepsTheLimitItselfWhenTheSupervisorNeverAnswered) {
    session_.reached = false;
    session_.held_stages = {kNumber};
    executor_.info.silence_hint = "the ENTRYPOINT is stuck";
    auto job = parts();
    // One second behind the deadline, which has nearly passed.
    const auto deadline = std::chrono::steady_clock::now() - std::chrono::milliseconds(990);
    const auto exit = run_script(*job, deadline);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().kind, ErrorKind::kTimeout);
    EXPECT_EQ(session_.stages[0].deadline, std::chrono::milliseconds(1)) << "0 would be no limit";
    EXPECT_EQ(ScriptRunner(job->context, job->session).silence_hint(), "the ENTRYPOINT is stuck");
    session_.reached = true;
    EXPECT_EQ(ScriptRunner(job->context, job->session).silence_hint(), "");
}

TEST_F(ScriptRunnerTest, ReturnsAFailureOfTheSession) {
    session_.failures["run_stage"] = {base::make_error(ErrorKind::kNotFound, "no container")};
    auto job = parts();
    const auto exit = run_script(*job);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace runner::job
