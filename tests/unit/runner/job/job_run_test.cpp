#include "runner/job/job_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

/// The way of a job around its scripts: what happens when the environment cannot be made or is
/// gone, when the job is stopped at every early point, and where a restarted daemon goes on.
/// Scripts themselves are run by the system tests.
namespace runner::job {
namespace {

using base::ErrorKind;
using base::Result;
using base::Task;
using journal::Checkpoint;
using journal::Failure;
using journal::FailureReason;
using journal::JobRecord;
using journal::Journal;
using journal::Outcome;
using journal::Phase;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using Calls = std::vector<std::string>;

class FakeExecutor final : public executors::Executor {
  public:
    FakeExecutor(Calls& calls, Result<void> prepared, Result<void> restored)
        : calls_(calls), prepared_(std::move(prepared)), restored_(std::move(restored)) {}

    Task<Result<void>> prepare(const executors::JobEnvironment&, executors::JobLog&) override {
        calls_.emplace_back("prepare");
        if (on_prepare) on_prepare();
        // Long enough for every stop to come in between; a test without a stop gets an answer at
        // once.
        if (slow) {
            auto slept = co_await base::sleep_for(std::chrono::seconds(20));
            if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
        }
        co_return prepared_;
    }
    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        co_return base::make_error(ErrorKind::kNotFound, "nobody is there");
    }
    [[nodiscard]] const executors::EnvironmentInfo& info() const override { return info_; }
    [[nodiscard]] std::string saved_state() const override { return "{}"; }
    Task<Result<void>> restore(const executors::JobEnvironment&, const std::string&) override {
        calls_.emplace_back("restore");
        co_return restored_;
    }
    Task<Result<void>> cleanup(std::chrono::seconds) override {
        calls_.emplace_back("cleanup");
        co_return Result<void>();
    }

    bool slow = false;
    std::function<void()> on_prepare;

  private:
    Calls& calls_;
    Result<void> prepared_;
    Result<void> restored_;
    executors::EnvironmentInfo info_;
};

/// Notes what is told to the server, and the lines of the log.
class FakeChannel final : public JobChannel, private executors::JobLog {
  public:
    FakeChannel(const boost::asio::any_io_executor& executor, Calls& calls, std::string& log)
        : calls_(calls), log_(log), ended_(executor) {}

    executors::JobLog& log() override { return *this; }
    void section_start(std::string_view) override {}
    void section_end(std::string_view) override {}
    void output(base::OutputStream, std::uint64_t, std::string_view) override {}
    void end_output() override {}
    Mark mark() override { return {log_.size(), "{}"}; }
    void commit(std::uint64_t) override {}
    void on_stop(std::function<void(base::StopReason)> handler) override {
        stop = std::move(handler);
    }
    Task<void> serve() override {
        while (!over_) {
            co_await ended_.wait();
        }
    }
    Task<StartAnswer> announce_start() override {
        calls_.emplace_back("announce");
        co_return start;
    }
    Task<Result<void>> finish(const Outcome& outcome) override {
        calls_.push_back(outcome.success() ? "finish success"
                                           : "finish " + outcome.failure->message);
        end();
        co_return Result<void>();
    }
    [[nodiscard]] TransferWords transfer_words(const std::string&) const override { return {}; }
    Task<Result<std::string>> send_artifact(ArtifactFile) override {
        co_return base::make_error(ErrorKind::kNotFound, "nobody keeps it");
    }
    Task<Result<protocol::http::BodySource>> fetch_artifact(protocol::gitlab::Dependency,
                                                            bool) override {
        co_return base::make_error(ErrorKind::kNotFound, "nobody has it");
    }
    void abandon() override {
        calls_.emplace_back("abandon");
        end();
    }

    StartAnswer start = StartAnswer::kGo;
    std::function<void(base::StopReason)> stop;

  private:
    void print(std::string_view text) override { log_.append(text).append("\n"); }
    void notice(std::string_view text) override { print(text); }
    void heading(std::string_view text) override { print(text); }
    void warning(std::string_view text) override { print("WARNING: " + std::string(text)); }
    void error(std::string_view text) override { print("ERROR: " + std::string(text)); }
    void end() {
        over_ = true;
        ended_.notify_all();
    }

    Calls& calls_;
    std::string& log_;
    base::Notifier ended_;
    bool over_ = false;
};

class JobRuns : public testing::Test {
  protected:
    void SetUp() override {
        runner_.name = "test";
        runner_.executor = "shell";
        payload_.id = 7;
        payload_.token = base::Secret("job-token");
        payload_.steps = {{.name = "script", .script = {"true"}, .when = ""}};
    }

    /// Runs one job to its end.
    void run() {
        JobRecord record;
        record.url = "https://gitlab.example.com";
        record.short_token = "abc";
        auto journal = Journal::create(dir_.path(), record.url, payload_.id, record, "{}");
        ASSERT_TRUE(journal) << journal.error().message;
        directory_ = journal->directory();
        tests::run_to_end(context_, carry_out(record, *journal));
    }
    Task<bool> carry_out(JobRecord record, Journal journal) {
        const auto executor = context_.get_executor();
        auto environment = std::make_unique<FakeExecutor>(calls_, prepared_, restored_);
        auto channel = std::make_unique<FakeChannel>(executor, calls_, log_);
        channel->start = start_;
        environment->slow =
            stop_during_prepare_ != base::StopReason::kNone || runner_.prepare_timeout;
        FakeChannel* const server = channel.get();
        if (stop_during_prepare_ != base::StopReason::kNone) {
            environment->on_prepare = [this, server] {
                boost::asio::post(context_, [this, server] { server->stop(stop_during_prepare_); });
            };
        }
        JobSetup setup{.config = nullptr,
                       .runner = &runner_,
                       .payload = payload_,
                       .ca_chain = "",
                       .system_id = "s_1",
                       .working_dir = dir_.path().string(),
                       .record = record,
                       .journal = std::move(journal),
                       .restored = checkpoint_,
                       .executor = std::move(environment),
                       .channel = std::move(channel)};
        JobRun job(executor, std::move(setup));
        if (stop_before_ != base::StopReason::kNone) job.stop(stop_before_);
        co_await job.run();
        outcome_ = job.outcome();
        co_return true;
    }
    [[nodiscard]] bool journal_is_left() const { return std::filesystem::exists(directory_); }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    config::RunnerConfig runner_;
    protocol::gitlab::JobPayload payload_;
    std::optional<Checkpoint> checkpoint_;
    Result<void> prepared_;
    Result<void> restored_;
    StartAnswer start_ = StartAnswer::kGo;
    base::StopReason stop_before_ = base::StopReason::kNone;
    base::StopReason stop_during_prepare_ = base::StopReason::kNone;

    Calls calls_;
    std::string log_;
    Outcome outcome_;
    std::filesystem::path directory_;
};

TEST_F(JobRuns, WhatTheConfigurationForbidsIsNotTriedAgain) {
    prepared_ = base::make_error(ErrorKind::kConfiguration, "disallowed image");
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "prepare", "cleanup", "finish disallowed image",
                                    "cleanup"));
    EXPECT_THAT(log_, HasSubstr("ERROR: Job failed"));
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, AJobThatNobodyWantsIsNotBegun) {
    start_ = StartAnswer::kDropped;
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "abandon", "cleanup"));
    EXPECT_EQ(log_, "");
    EXPECT_FALSE(journal_is_left());
}

TEST_F(JobRuns, AJobThatWasCancelledBeforeItsStartIsReported) {
    start_ = StartAnswer::kCancelled;
    run();
    EXPECT_THAT(calls_, ElementsAre("announce", "finish canceled", "cleanup"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kCanceled);
}

TEST_F(JobRuns, AStopDuringThePreparationCleansUpAndReports) {
    const std::vector<std::pair<base::StopReason, std::string>> cases{
        {base::StopReason::kUserCancel, "finish canceled"},
        {base::StopReason::kShutdown, "finish aborted: "},
        {base::StopReason::kAbort, "abandon"}};
    for (const auto& [reason, told] : cases) {
        calls_.clear();
        stop_during_prepare_ = reason;
        run();
        ASSERT_EQ(calls_.size(), 4U) << testing::PrintToString(calls_);
        EXPECT_EQ(calls_[1], "prepare");
        EXPECT_THAT(calls_[2], testing::StartsWith(told));
        EXPECT_EQ(calls_[3], "cleanup");
        EXPECT_FALSE(journal_is_left());
    }
}

TEST_F(JobRuns, AStopBeforeTheStartPreparesNothing) {
    stop_before_ = base::StopReason::kShutdown;
    run();
    EXPECT_THAT(calls_, testing::Not(Contains("prepare")));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kInterrupted);
}

TEST_F(JobRuns, ThePreparationHasALimitOfItsOwn) {
    runner_.prepare_timeout = std::chrono::milliseconds(50);
    run();
    EXPECT_THAT(calls_, Contains("finish prepare timeout: exceeded timeout of 50ms"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kTimeout);
}

TEST_F(JobRuns, DebuggingThatTheAdministratorForbidsIsSaid) {
    prepared_ = base::make_error(ErrorKind::kConfiguration, "no");
    protocol::gitlab::Variable wish;
    wish.key = "CI_DEBUG_TRACE";
    wish.value = "true";
    payload_.variables.push_back(wish);
    runner_.debug_trace_disabled = true;
    run();
    EXPECT_THAT(log_, HasSubstr("WARNING: CI_DEBUG_TRACE: usage is disabled on this Runner"));
}

TEST_F(JobRuns, WhatCannotRunHereIsSaidWithoutAnEnvironment) {
    payload_.has_secrets = true;
    run();
    EXPECT_THAT(calls_, testing::Not(Contains("prepare")));
    EXPECT_THAT(log_, HasSubstr("secrets"));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kSystemFailure);
}

TEST_F(JobRuns, APreparationThatWasCutOffIsMadeAnew) {
    checkpoint_.emplace();
    prepared_ = base::make_error(ErrorKind::kConfiguration, "no");
    run();
    EXPECT_THAT(calls_, ElementsAre("prepare", "cleanup", "finish no", "cleanup"));
    EXPECT_THAT(log_, HasSubstr("the preparation begins anew"));
}

TEST_F(JobRuns, TheHeadOfTheLogIsWrittenOnce) {
    prepared_ = base::make_error(ErrorKind::kConfiguration, "no");
    for (const bool had_log : {false, true}) {
        log_.clear();
        checkpoint_.emplace();
        if (had_log) checkpoint_->trace_state = "{}";
        run();
        EXPECT_EQ(log_.find("Running with gitlab-runner") == std::string::npos, had_log);
    }
}

TEST_F(JobRuns, AnEnvironmentThatIsGoneIsASystemFailure) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kRunning;
    checkpoint_->executor_state = "{}";
    restored_ = base::make_error(ErrorKind::kNotFound, "no such container");
    run();
    EXPECT_EQ(calls_.front(), "restore");
    EXPECT_THAT(calls_, Contains(HasSubstr("the job's environment is gone: no such container")));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kSystemFailure);
}

TEST_F(JobRuns, ADecidedOutcomeIsOnlyReported) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kReporting;
    checkpoint_->executor_state = "{}";
    checkpoint_->outcome.failure = Failure{FailureReason::kScriptFailure, 42, "exit code 42"};
    run();
    EXPECT_THAT(calls_, ElementsAre("finish exit code 42", "restore", "cleanup"));
    EXPECT_EQ(log_, "");
}

TEST_F(JobRuns, AReportedJobIsOnlyCleanedUp) {
    checkpoint_.emplace();
    checkpoint_->phase = Phase::kCleaning;
    checkpoint_->executor_state = "{}";
    run();
    EXPECT_THAT(calls_, testing::Not(Contains(testing::StartsWith("finish"))));
    EXPECT_EQ(calls_.back(), "cleanup");
    EXPECT_FALSE(journal_is_left());
}

}  // namespace
}  // namespace runner::job
