#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/session/supervisor_session.hpp"
#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/contract/subject.hpp"

/// What executors/executor.hpp promises, for every executor. A new executor adds a subject.
namespace tests {
namespace {

using base::ErrorKind;
using base::Result;

using executors::session::StageExit;
using executors::session::SupervisorSession;

/// Keeps the output of all stages.
class OutputText final : public executors::session::EventSink {
  public:
    void on_output(std::uint16_t, base::OutputStream, std::uint64_t,
                   std::string_view bytes) override {
        text += bytes;
    }
    void on_offset(std::uint64_t) override {}

    std::string text;
};

/// Runs `script` as stage `stage` over a connection of `executor`.
base::Task<Result<StageExit>> run_script(boost::asio::any_io_executor io,
                                         executors::Executor& executor, OutputText& output,
                                         std::uint16_t stage, std::string script) {
    auto connect = [&executor] { return executor.connect(); };
    SupervisorSession session(io, connect, output, 0);
    base::TaskGroup group(io);
    group.spawn("session", session.pump());
    executors::session::StageCommand command;
    command.stage = stage;
    command.script = std::move(script);
    auto exit = co_await session.run_stage(std::move(command));
    session.close();
    co_await group.wait();
    co_return exit;
}

struct Kind {
    const char* name;
    MakeSubject make;
};

class ExecutorContract : public testing::TestWithParam<Kind> {
  protected:
    void SetUp() override {
        subject_ = GetParam().make(context_.get_executor(), dir_.path());
        if (const std::string missing = subject_->missing(); !missing.empty()) {
            ASSERT_EQ(std::getenv("CI"), nullptr) << missing;
            GTEST_SKIP() << missing;
        }
        job_.job_id = 7;
        job_.base_name = "runner-contract";
        job_.labels = {{"job.id", "7"}};
        job_.builds_dir = (dir_.path() / "builds").string();
        job_.project_dir = job_.builds_dir + "/project";
        job_.keep_builds_volume = false;
        job_.state_dir = dir_.path() / "state";
        subject_->complete(job_);
    }
    Result<void> prepare(executors::Executor& executor) {
        auto task = executor.prepare(job_, log_);
        return run_until_done(context_, base::run_stoppable(&stop_, std::move(task), std::nullopt));
    }
    Result<void> cleanup(executors::Executor& executor) {
        return run_until_done(context_, executor.cleanup(std::chrono::seconds(10)));
    }
    /// Checks that two cleanups succeed and leave nothing.
    void expect_clean(executors::Executor& executor) {
        for (int i = 0; i < 2; ++i) {
            const auto cleaned = cleanup(executor);
            ASSERT_TRUE(cleaned.has_value()) << cleaned.error().message;
            EXPECT_FALSE(subject_->has_leftovers());
        }
    }

    base::StopSource stop_;
    boost::asio::io_context context_{1};
    TempDir dir_;
    std::unique_ptr<ContractSubject> subject_;
    executors::JobEnvironment job_;
    JobLogLines log_;
};

INSTANTIATE_TEST_SUITE_P(Executors, ExecutorContract,
                         testing::Values(Kind{"Fake", make_fake_subject},
                                         Kind{"SimulatedDocker", make_docker_subject},
                                         Kind{"Docker", make_real_docker_subject},
                                         Kind{"Shell", make_shell_subject},
                                         Kind{"Custom", make_custom_subject}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(ExecutorContract, InfoDescribesAPreparedEnvironment) {
    auto executor = subject_->make(PrepareBehaviour::kWorks);
    const auto prepared = prepare(*executor);
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message;
    EXPECT_TRUE(subject_->has_leftovers());
    EXPECT_FALSE(executor->info().description.empty());
    EXPECT_FALSE(executor->info().helper.empty());
    expect_clean(*executor);
}

TEST_P(ExecutorContract, ConnectReachesASupervisorThatOutlivesItsConnections) {
    if (!subject_->runs_scripts()) return;
    auto first = subject_->make(PrepareBehaviour::kWorks);
    ASSERT_TRUE(prepare(*first).has_value());
    OutputText output;
    auto script = run_script(context_.get_executor(), *first, output, 1, "echo one; exit 3");
    const auto exit = run_until_done(context_, std::move(script));
    ASSERT_TRUE(exit.has_value()) << exit.error().message;
    EXPECT_EQ(exit->code, 3);
    EXPECT_EQ(output.text, "one\n");

    auto second = subject_->make(PrepareBehaviour::kWorks);
    ASSERT_TRUE(run_until_done(context_, second->restore(job_, first->saved_state())).has_value());
    OutputText all;
    script = run_script(context_.get_executor(), *second, all, 2, "echo two");
    ASSERT_TRUE(run_until_done(context_, std::move(script)).has_value());
    EXPECT_EQ(all.text, "one\ntwo\n");
    expect_clean(*second);
}

TEST_P(ExecutorContract, HaltEndsTheSupervisor) {
    if (!subject_->runs_scripts()) return;
    auto executor = subject_->make(PrepareBehaviour::kWorks);
    ASSERT_TRUE(prepare(*executor).has_value());
    OutputText output;
    auto script = run_script(context_.get_executor(), *executor, output, 1, "sleep 600 &");
    ASSERT_TRUE(run_until_done(context_, std::move(script)).has_value());
    const auto halted = run_until_done(context_, executor->halt());
    ASSERT_TRUE(halted.has_value()) << halted.error().message;
    EXPECT_FALSE(run_until_done(context_, executor->connect()).has_value());
    EXPECT_TRUE(subject_->has_leftovers());
    expect_clean(*executor);
}

TEST_P(ExecutorContract, CleanupWithoutAPreparationDoesNothing) {
    auto executor = subject_->make(PrepareBehaviour::kWorks);
    expect_clean(*executor);
}

TEST_P(ExecutorContract, CleanupRemovesWhatAFailedPreparationMade) {
    auto executor = subject_->make(PrepareBehaviour::kFails);
    const auto prepared = prepare(*executor);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_FALSE(prepared.error().message.empty());
    EXPECT_NE(prepared.error().kind, ErrorKind::kCancelled);
    EXPECT_TRUE(subject_->has_leftovers());
    expect_clean(*executor);
}

TEST_P(ExecutorContract, APreparationThatIsStoppedAnswersCancelled) {
    auto executor = subject_->make(PrepareBehaviour::kStalls);
    boost::asio::steady_timer timer(context_, std::chrono::milliseconds(100));
    timer.async_wait([this](const auto&) { stop_.request(base::StopReason::kUserCancel); });
    const auto prepared = prepare(*executor);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().kind, ErrorKind::kCancelled) << prepared.error().message;
    expect_clean(*executor);
}

TEST_P(ExecutorContract, APreparationThatIsStoppedBeforeItBeganMakesNothing) {
    auto executor = subject_->make(PrepareBehaviour::kWorks);
    stop_.request(base::StopReason::kShutdown);
    const auto prepared = prepare(*executor);
    ASSERT_FALSE(prepared.has_value());
    EXPECT_EQ(prepared.error().kind, ErrorKind::kCancelled);
    EXPECT_FALSE(subject_->has_leftovers());
    expect_clean(*executor);
}

TEST_P(ExecutorContract, AnotherExecutorRestoresASavedStateUntilItIsGone) {
    auto first = subject_->make(PrepareBehaviour::kWorks);
    ASSERT_TRUE(prepare(*first).has_value());
    const std::string saved = first->saved_state();
    auto second = subject_->make(PrepareBehaviour::kWorks);
    const auto restored = run_until_done(context_, second->restore(job_, saved));
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    EXPECT_EQ(second->saved_state(), saved);
    EXPECT_EQ(second->info().description, first->info().description);
    expect_clean(*second);
    auto third = subject_->make(PrepareBehaviour::kWorks);
    const auto gone = run_until_done(context_, third->restore(job_, saved));
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
    expect_clean(*third);
}

TEST_P(ExecutorContract, ANewPreparationWorksAfterAFailedOneWasCleanedUp) {
    auto failing = subject_->make(PrepareBehaviour::kFails);
    ASSERT_FALSE(prepare(*failing).has_value());
    ASSERT_TRUE(cleanup(*failing).has_value());
    auto executor = subject_->make(PrepareBehaviour::kWorks);
    const auto prepared = prepare(*executor);
    EXPECT_TRUE(prepared.has_value()) << prepared.error().message;
    expect_clean(*executor);
}

}  // namespace
}  // namespace tests
