#include "runner/job/gitlab_channel.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/task_group.hpp"
#include "runner/job/job_variables.hpp"
#include "tests/support/fake_jobs_api.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::job {
namespace {

using protocol::gitlab::UpdateOutcome;

class GitLabChannelRestore : public testing::Test {
  protected:
    base::Result<std::unique_ptr<JobChannel>> restore(const std::string& state) {
        const script::Variables variables = make_variables(payload_, runner_, {});
        journal::Checkpoint checkpoint;
        checkpoint.trace_state = state;
        GitLabChannelOptions options;
        options.client = std::make_shared<tests::FakeJobsApi>(context_.get_executor());
        options.payload = &payload_;
        options.variables = &variables;
        options.runner = &runner_;
        options.spool = dir_.path() / "spool";
        options.restored = &checkpoint;
        return make_gitlab_channel(context_.get_executor(), options);
    }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
};

TEST_F(GitLabChannelRestore, RefusesAStateThatItCannotRead) {
    for (const std::string state :
         {"text", "[]", "{}", R"({"confirmed": 0})", R"({"confirmed": "0", "trace": "{}"})",
          R"({"confirmed": -1, "trace": "{}"})", R"({"confirmed": 0, "trace": {}})",
          R"({"confirmed": 0, "trace": "no state"})"}) {
        const auto channel = restore(state);
        ASSERT_FALSE(channel) << state;
        EXPECT_TRUE(channel.error().message.starts_with("the job's log: ")) << state;
    }
}

TEST_F(GitLabChannelRestore, BeginsALogThatAFormerDaemonHasNotBegun) {
    const auto channel = restore("");
    ASSERT_TRUE(channel) << channel.error().message;
    (*channel)->log().print("first line");
    EXPECT_GT((*channel)->mark().bytes, 0U);
}

TEST_F(GitLabChannelRestore, ShowsReadersWhatACheckpointCovers) {
    const auto channel = restore("");
    ASSERT_TRUE(channel) << channel.error().message;
    (*channel)->log().print("first line");
    const auto marked = (*channel)->mark().bytes;
    const auto log = (*channel)->readable_log();
    ASSERT_TRUE(log);
    EXPECT_EQ(log->size(), 0U) << "a restart of the daemon would write these bytes again";
    (*channel)->commit(marked);
    EXPECT_EQ(log->size(), marked);
    EXPECT_NE(log->read(0, 1000)->find("first line"), std::string::npos);
    EXPECT_EQ((*channel)->readable_log(), log);
    (*channel)->end_readers(
        {.failure = journal::Failure{journal::FailureReason::kScriptFailure, 1, "exit code 1"}});
    ASSERT_TRUE(log->ended());
    EXPECT_FALSE(log->ended()->success);
    EXPECT_EQ(log->ended()->reason, "script_failure");
    EXPECT_EQ(log->ended()->message, "exit code 1");
}

TEST_F(GitLabChannelRestore, TellsTheEndToReadersThatComeDuringTheCleanup) {
    const auto channel = restore("");
    ASSERT_TRUE(channel) << channel.error().message;
    (*channel)->log().print("first line");
    EXPECT_GT((*channel)->mark().bytes, 0U);  // as the final report does
    (*channel)->end_readers({});
    const auto log = (*channel)->readable_log();
    ASSERT_TRUE(log);
    ASSERT_TRUE(log->ended());
    EXPECT_TRUE(log->ended()->success);
    EXPECT_NE(log->read(0, 1000)->find("first line"), std::string::npos);
}

/// A new job's channel, which waits for the answer to the job's start.
class GitLabChannelStart : public testing::Test {
  protected:
    GitLabChannelStart() {
        api_->hold_updates = true;
        const script::Variables variables = make_variables(payload_, runner_, {});
        GitLabChannelOptions options;
        options.client = api_;
        options.payload = &payload_;
        options.variables = &variables;
        options.runner = &runner_;
        options.spool = dir_.path() / "spool";
        auto made = make_gitlab_channel(context_.get_executor(), options);
        if (!made) throw std::runtime_error(made.error().message);
        channel_ = std::move(*made);
        channel_->on_stop([this](base::StopReason reason) { stops_.push_back(reason); });
        group_.spawn("log", channel_->serve());
        group_.spawn("answer", keep_answer());
        // Is sent at once.
        channel_->expect_output();
        channel_->output(base::OutputStream::kStdout, 0, "first line\n");
        channel_->commit(channel_->mark().bytes);
        context_.poll();
    }
    void answer(UpdateOutcome outcome, bool cancel = false) {
        api_->update_result.outcome = outcome;
        api_->update_result.signals.cancel_requested = cancel;
        api_->release();
        context_.poll();
    }
    void finish() { EXPECT_TRUE(tests::run_to_end(context_, finish_and_wait())); }
    base::Task<bool> finish_and_wait() {
        const journal::Outcome success;
        auto finished = co_await channel_->finish(success);
        co_await group_.wait();
        co_return finished.has_value();
    }
    base::Task<bool> wait_for_end() {
        co_await group_.wait();
        co_return true;
    }
    base::Task<void> keep_answer() {
        co_await channel_->start_answered();
        answered_ = true;
    }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
    std::shared_ptr<tests::FakeJobsApi> api_ =
        std::make_shared<tests::FakeJobsApi>(context_.get_executor());
    std::unique_ptr<JobChannel> channel_;
    std::vector<base::StopReason> stops_;
    bool answered_ = false;
    base::TaskGroup group_{context_.get_executor()};
};

TEST_F(GitLabChannelStart, SendsNothingBeforeTheAnswer) {
    ASSERT_EQ(api_->updates.size(), 1U);
    EXPECT_EQ(api_->updates[0].state, protocol::gitlab::JobState::kRunning);
    EXPECT_FALSE(answered_);
    EXPECT_EQ(api_->trace, "");
    answer(UpdateOutcome::kOk);
    EXPECT_TRUE(answered_);
    EXPECT_NE(api_->trace.find("first line"), std::string::npos);
    finish();
    EXPECT_EQ(api_->updates.back().state, protocol::gitlab::JobState::kSuccess);
    EXPECT_TRUE(stops_.empty());
}

TEST_F(GitLabChannelStart, SendsNothingOfAJobThatTheServerDrops) {
    answer(UpdateOutcome::kAborted);
    EXPECT_TRUE(answered_);
    EXPECT_EQ(stops_, std::vector{base::StopReason::kAbort});
    finish();
    EXPECT_EQ(api_->updates.size(), 1U) << "nothing is reported";
    EXPECT_EQ(api_->trace, "");
}

TEST_F(GitLabChannelStart, StopsAJobThatWasCancelledBefore) {
    answer(UpdateOutcome::kOk, true);
    EXPECT_TRUE(answered_);
    EXPECT_EQ(stops_, std::vector{base::StopReason::kUserCancel});
    finish();
}

TEST_F(GitLabChannelStart, EndsWithoutTheAnswerWhenTheJobIsAbandoned) {
    channel_->abandon();
    EXPECT_TRUE(tests::run_to_end(context_, wait_for_end()));
    EXPECT_EQ(api_->updates.size(), 1U);
    EXPECT_EQ(api_->trace, "");
}

TEST_F(GitLabChannelStart, IsAnsweredAlthoughTheStopOfTheJobThrows) {
    channel_->on_stop([](base::StopReason) { throw std::runtime_error("a bug"); });
    answer(UpdateOutcome::kOk, true);
    EXPECT_TRUE(answered_);
    finish();
}

TEST_F(GitLabChannelStart, BeginsAllTheSameWhenTheServerDoesNotConfirm) {
    answer(UpdateOutcome::kFailed);
    EXPECT_TRUE(answered_);
    api_->update_result.outcome = UpdateOutcome::kOk;
    finish();
    EXPECT_NE(api_->trace.find("first line"), std::string::npos);
}

TEST(GitLabChannel, TouchesAJobLessOftenWhenItsFlagSaysSo) {
    protocol::gitlab::JobPayload payload;
    const config::RunnerConfig runner;
    EXPECT_FALSE(upload_times(make_variables(payload, runner, {})).dynamic_touch);
    payload.variables.push_back(
        {.key = "FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL", .value = "true"});
    const trace::UploadTimes times = upload_times(make_variables(payload, runner, {}));
    EXPECT_TRUE(times.dynamic_touch);
    const trace::UploadSchedule::TimePoint now{};
    const trace::UploadSchedule schedule(times, 0, now);
    EXPECT_EQ(schedule.next(now + std::chrono::seconds(29), 0).kind,
              trace::UploadSchedule::Action::Kind::kWait);
    EXPECT_EQ(schedule.next(now + std::chrono::seconds(30), 0).kind,
              trace::UploadSchedule::Action::Kind::kTouch);
}

}  // namespace
}  // namespace runner::job
