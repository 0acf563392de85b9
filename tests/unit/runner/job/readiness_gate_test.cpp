#include "runner/job/readiness_gate.hpp"

#include <gmock/gmock.h>

#include "base/task_group.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using executors::session::StageExit;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using EngineState = executors::session::Session::EngineState;

base::Task<base::Result<void>> run_and_wait(ReadinessGate& gate,
                                            const boost::asio::any_io_executor& io) {
    base::TaskGroup group(io);
    group.spawn("readiness", gate.run());
    auto waited = co_await gate.wait();
    co_await group.wait();
    co_return std::move(waited);
}

class ReadinessGateTest : public tests::JobFixture {
  protected:
    ReadinessGateTest() {
        executor_.readiness = executors::ReadinessStage{.engine_socket = "/run/docker.sock",
                                                        .engine_log = "/var/log/dockerd.log",
                                                        .engine_limit = std::chrono::seconds(60),
                                                        .script = "docker buildx create",
                                                        .user = "app",
                                                        .environment = {{"HOME", "/home/app"}},
                                                        .ready_message = "The builder is ready",
                                                        .failed_message = "No builder: "};
    }
    base::Result<void> run_gate() {
        job_ = parts();
        gate_.emplace(job_->context, job_->session);
        return run(run_and_wait(*gate_, context_.get_executor()));
    }
    /// Makes the next wait for the engine fail.
    void let_engine_fail(ErrorKind kind) {
        session_.failures["wait_engine"] = {base::make_error(kind, "dockerd: no space left")};
    }

    std::unique_ptr<Parts> job_;
    std::optional<ReadinessGate> gate_;
};

TEST_F(ReadinessGateTest, IsOpenWhenTheExecutorWantsNothing) {
    executor_.readiness.reset();
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(session_.calls, IsEmpty());
    EXPECT_THAT(gate_->take_messages(), IsEmpty());
}

TEST_F(ReadinessGateTest, RunsTheScriptWhileTheEngineBoots) {
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(session_.calls, ElementsAre("wait_engine", "run_stage", "wait_engine"));
    EXPECT_EQ(session_.engine_calls[0].state, EngineState::kListening);
    EXPECT_EQ(session_.engine_calls[0].log, "/var/log/dockerd.log");
    EXPECT_EQ(session_.engine_calls[1].state, EngineState::kAnswering);
    EXPECT_EQ(session_.stages[0].script, "docker buildx create");
    EXPECT_EQ(session_.stages[0].user, "app");
    EXPECT_EQ(session_.stages[0].environment.at("HOME"), "/home/app");
    EXPECT_TRUE(session_.stages[0].hidden);
    EXPECT_THAT(gate_->take_messages(), ElementsAre("The builder is ready"));
    EXPECT_THAT(gate_->take_messages(), IsEmpty()) << "once";
}

TEST_F(ReadinessGateTest, DescribesTheEngineThatAnswersBeforeTheBuilder) {
    executor_.engine_line = "Inner engine: warm";
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(gate_->take_messages(), ElementsAre("Inner engine: warm", "The builder is ready"));
    let_engine_fail(ErrorKind::kTimeout);
    EXPECT_FALSE(run_gate());
    EXPECT_THAT(gate_->take_messages(), Not(Contains("Inner engine: warm")));
}

TEST_F(ReadinessGateTest, DescribesTheEngineOnceHoweverOftenTheDaemonRestarts) {
    executor_.engine_line = "Inner engine: warm";
    checkpoint_.emplace();
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(gate_->take_messages(), Contains("Inner engine: warm")) << "before the first step";
    checkpoint_->progress.steps_reached = true;
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(gate_->take_messages(), Not(Contains("Inner engine: warm")));
}

TEST_F(ReadinessGateTest, TellsHowEngineAndBuilderCameUp) {
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(observer_.others, ElementsAre("engine", "builder"));
    observer_.others.clear();
    executor_.readiness->after_sources = true;
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(observer_.others, ElementsAre("engine", "builder"));
    observer_.others.clear();
    let_engine_fail(ErrorKind::kTimeout);
    EXPECT_FALSE(run_gate());
    EXPECT_THAT(observer_.others, ElementsAre("no engine"));
    observer_.others.clear();
    executor_.readiness.reset();
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(observer_.others, IsEmpty());
}

TEST_F(ReadinessGateTest, RunsAScriptForLaterWhenItIsFirstWaitedFor) {
    executor_.readiness->after_sources = true;
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(session_.calls, ElementsAre("wait_engine", "wait_engine", "run_stage"));
    EXPECT_THAT(gate_->take_messages(), ElementsAre("The builder is ready"));
    EXPECT_TRUE(run(gate_->wait()));
    EXPECT_EQ(session_.calls.size(), 3U) << "once";
}

TEST_F(ReadinessGateTest, RunsTheScriptAgainWhenItFailedBeforeTheEngineAnswered) {
    session_.exits = {tests::exit_with(1)};
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(session_.calls,
                ElementsAre("wait_engine", "run_stage", "wait_engine", "run_stage"));
    EXPECT_NE(session_.stages[0].stage, session_.stages[1].stage);
    EXPECT_THAT(gate_->take_messages(), ElementsAre("The builder is ready"));
}

TEST_F(ReadinessGateTest, LetsTheJobGoOnWithoutABuilder) {
    StageExit failed = tests::exit_with(1);
    failed.output = "no such driver";
    session_.exits = {failed, failed};
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(gate_->take_messages(), ElementsAre("No builder: no such driver"));
}

TEST_F(ReadinessGateTest, ReportsTheEnginesLimitAsAFailureOfTheEnvironment) {
    let_engine_fail(ErrorKind::kTimeout);
    const auto ready = run_gate();
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind, ErrorKind::kUnavailable) << "kTimeout would be the job's limit";
    EXPECT_EQ(ready.error().message, "dockerd: no space left");
    EXPECT_THAT(session_.calls, ElementsAre("wait_engine"));
}

TEST_F(ReadinessGateTest, HandsOnOtherFailures) {
    let_engine_fail(ErrorKind::kNotFound);
    EXPECT_EQ(run_gate().error().kind, ErrorKind::kNotFound);
}

TEST_F(ReadinessGateTest, DoesNotPingAnEngineThatIsNotThere) {
    executor_.readiness->engine_socket.clear();
    EXPECT_TRUE(run_gate());
    EXPECT_THAT(session_.calls, ElementsAre("run_stage"));
}

TEST_F(ReadinessGateTest, StopsWaitingWithTheJob) {
    session_.held_calls = {"wait_engine"};
    job_ = parts();
    gate_.emplace(job_->context, job_->session);
    session_.on_call = [this](tests::FakeSession&, const std::string&) {
        stop_soon(job_->context, StopReason::kUserCancel);
    };
    const auto stopped = [this]() -> base::Task<base::Result<void>> {
        base::TaskGroup group(context_.get_executor());
        group.spawn("readiness", gate_->run());
        auto waited = co_await gate_->wait();
        job_->session.close();
        co_await group.wait();
        co_return std::move(waited);
    };
    const auto waited = run(stopped());
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace runner::job
