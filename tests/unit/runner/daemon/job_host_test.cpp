#include "runner/daemon/job_host.hpp"

#include <gmock/gmock.h>

#include "tests/unit/runner/daemon/job_host_fixture.hpp"

namespace runner::daemon {
namespace {

using protocol::gitlab::JobRequestAnswer;
using protocol::gitlab::JobRequestOutcome;
using protocol::gitlab::JobState;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class JobHostTest : public JobHostFixture {};

TEST_F(JobHostTest, RunsAJobToItsEnd) {
    accept(payload_of(7));
    EXPECT_EQ(host_->running(), 1);
    ASSERT_EQ(host_->runs().size(), 1U);
    EXPECT_EQ(host_->runs()[0]->status().name, "build");
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("start 7", "end 7 success"));
    EXPECT_EQ(host_->running(), 0);
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_TRUE(journal_is_empty());
}

/// What an exception must not keep: the server waiting, the slot, the place.
class JobHostException : public JobHostTest {
  protected:
    void expect_system_failure() {
        EXPECT_EQ(host_->running(), 0);
        EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
        EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
        EXPECT_EQ(api_->updates.back().failure_reason, "runner_system_failure");
        EXPECT_THAT(api_->trace,
                    HasSubstr("Job failed (system failure): internal error of the runner: a bug"));
        EXPECT_THAT(events_, testing::ElementsAre("start 7", "end 7 failure"));
        events_.clear();
        api_->on_update = {};
        executor_.hooks.clear();
        accept(payload_of(8));
        wait();
        EXPECT_THAT(events_, testing::ElementsAre("start 8", "end 8 success"));
        EXPECT_EQ(slots_.back(), 0) << "the number is free again";
    }
};

TEST_F(JobHostException, OfTheJobIsReported) {
    observer_.throws_in = journal::Phase::kRunning;
    accept(payload_of(7));
    wait();
    EXPECT_FALSE(observer_.throws_in);
    EXPECT_THAT(executor_.calls, Contains("cleanup"));
    EXPECT_TRUE(journal_is_empty());
    expect_system_failure();
}

TEST_F(JobHostException, OfTheRequestThatTellsTheStartDoesNotKeepTheJob) {
    bool thrown = false;
    api_->on_update = [&thrown](const auto&) {
        if (!std::exchange(thrown, true)) throw std::runtime_error("a bug");
    };
    accept(payload_of(7));
    wait();
    EXPECT_TRUE(thrown);
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_THAT(api_->trace, HasSubstr("Job succeeded"));
}

TEST_F(JobHostException, OfTheReportIsReportedAnotherWay) {
    observer_.throws_in = journal::Phase::kReporting;
    accept(payload_of(7));
    wait();
    EXPECT_FALSE(observer_.throws_in);
    EXPECT_TRUE(journal_is_empty());
    expect_system_failure();
}

TEST_F(JobHostException, OfTheCleanupLeavesTheJournalForTheNextStart) {
    executor_.hooks["cleanup"] = [] { throw std::runtime_error("a bug"); };
    accept(payload_of(7));
    wait();
    EXPECT_EQ(api_->updates.back().state, JobState::kSuccess);
    EXPECT_EQ(host_->running(), 0);
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
    EXPECT_FALSE(journal_is_empty());
}

TEST_F(JobHostTest, CancelsAJobForAnAdministrator) {
    accept(payload_of(7));
    EXPECT_EQ(host_->cancel(8, "", ""), JobHost::Cancel::kUnknown);
    EXPECT_EQ(host_->cancel(7, "other", ""), JobHost::Cancel::kUnknown);
    EXPECT_EQ(host_->cancel(7, "test", "the disk is full"), JobHost::Cancel::kStopping);
    wait();
    EXPECT_EQ(events_.back(), "end 7 failure");
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
    EXPECT_THAT(api_->trace,
                HasSubstr("canceled by an administrator of the runner: the disk is full"));
    EXPECT_EQ(host_->cancel(7, "", ""), JobHost::Cancel::kUnknown);
}

TEST_F(JobHostTest, DoesNotGuessBetweenJobsOfTheSameNumber) {
    accept(payload_of(7));
    config::RunnerConfig other = runner_;
    other.name = "second";
    other.url = "https://second.example.com";
    auto second = std::make_shared<RunnerEntry>(*entry_);
    second->runner = &other;
    std::swap(entry_, second);
    accept(payload_of(7));
    EXPECT_EQ(host_->cancel(7, "", ""), JobHost::Cancel::kAmbiguous);
    EXPECT_EQ(host_->cancel(7, "second", ""), JobHost::Cancel::kStopping);
    wait();
    EXPECT_THAT(events_, Contains("end 7 success"));
    EXPECT_THAT(events_, Contains("end 7 failure"));
}

TEST_F(JobHostTest, GivesConcurrentJobsDifferentSlots) {
    accept(payload_of(7));
    accept(payload_of(8));
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 2);
    wait();
    EXPECT_THAT(slots_, testing::ElementsAre(0, 1));
    accept(payload_of(9));
    wait();
    EXPECT_EQ(slots_.back(), 0) << "a free number is used again";
}

TEST_F(JobHostTest, ReportsAJobThatCannotBeDecoded) {
    accept(R"({"id": 7, "token": "job-token", "steps": "none"})");
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("the server's job description cannot be understood"));
    ASSERT_EQ(api_->updates.size(), 2U);
    EXPECT_EQ(api_->updates[0].state, JobState::kRunning);
    EXPECT_EQ(api_->updates[1].state, JobState::kFailed);
    EXPECT_EQ(api_->updates[1].failure_reason, "runner_system_failure");
    EXPECT_EQ(api_->updates[1].bytesize, api_->trace.size());
}

TEST_F(JobHostTest, ReportsAJobWhosePayloadIsTooLarge) {
    accept(R"({"id": 7, "token": "job-token", "variables": [{"key": "A", "value": ")" +
           std::string(protocol::gitlab::kMaxPayloadBytes, 'x'));
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("more than 8 MiB"));
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
}

TEST_F(JobHostTest, ReportsNothingForAnAnswerThatNamesNoJob) {
    accept("no JSON");
    wait();
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_THAT(api_->updates, IsEmpty());
}

TEST_F(JobHostTest, ReleasesSlotAndJournalOfAJobThatCannotBegin) {
    executor_error_ = base::make_error(base::ErrorKind::kConfiguration, "no such engine");
    accept(payload_of(7));
    wait();
    EXPECT_THAT(events_, testing::ElementsAre("refuse"));
    EXPECT_THAT(api_->trace, HasSubstr("no such engine"));
    EXPECT_TRUE(journal_is_empty());
    EXPECT_EQ(host_->running_of(config::runner_identity(runner_)), 0);
}

TEST_F(JobHostTest, RefusesAJobThatItHasAlready) {
    accept(payload_of(7));
    accept(payload_of(7));
    wait();
    EXPECT_THAT(events_, testing::UnorderedElementsAre("start 7", "refuse", "end 7 success"));
}

TEST_F(JobHostTest, DoesNotRefuseAJobThatTheServerHasDroppedMeanwhile) {
    api_->update_result.outcome = protocol::gitlab::UpdateOutcome::kAborted;
    executor_error_ = base::make_error(base::ErrorKind::kConfiguration, "no such engine");
    accept(payload_of(7));
    wait();
    EXPECT_EQ(api_->updates.size(), 1U);
    EXPECT_EQ(api_->trace, "");
}

TEST_F(JobHostTest, StopsTheJobsThatRunAndThoseThatComeLater) {
    executor_.stalled = {"prepare"};
    accept(payload_of(7));
    executor_.on_call = [this](const std::string& call) {
        if (call != "prepare") return;
        boost::asio::post(context_, [this] {
            host_->stop_all(base::StopReason::kShutdown, "interrupt");
            accept(payload_of(8));
        });
    };
    wait();
    EXPECT_THAT(events_, Contains("end 7 failure"));
    EXPECT_THAT(events_, Contains("end 8 failure"));
    EXPECT_EQ(std::count(executor_.calls.begin(), executor_.calls.end(), "prepare"), 1);
}

}  // namespace
}  // namespace runner::daemon
