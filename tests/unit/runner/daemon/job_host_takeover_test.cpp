#include <gmock/gmock.h>

#include "tests/unit/runner/daemon/job_host_fixture.hpp"

/// Jobs that a former daemon has left in the journal.
namespace runner::daemon {
namespace {

using protocol::gitlab::JobState;
using testing::Contains;
using testing::HasSubstr;

class JobHostTakeovers : public JobHostFixture {
  protected:
    /// Puts a job into the journal that was taken up `takeovers` times.
    void leave_job(int takeovers, const std::string& payload) {
        journal::JobRecord record;
        record.url = runner_.url;
        auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, record, payload);
        ASSERT_TRUE(journal);
        journal::Checkpoint checkpoint;
        checkpoint.phase = journal::Phase::kRunning;
        checkpoint.executor_state = "{}";
        checkpoint.plan_index = 2;
        checkpoint.takeovers = takeovers;
        ASSERT_TRUE(journal->save(checkpoint));
    }
    void restore() {
        host_->restore(journal::find_jobs(dir_.path()),
                       [this](const journal::JobRecord&) { return entry_; });
    }
    int counted() {
        const auto jobs = journal::find_jobs(dir_.path());
        return jobs.size() == 1 ? jobs[0].checkpoint.takeovers : -1;
    }
};

TEST_F(JobHostTakeovers, GiveAJobItsSlot) {
    journal::JobRecord record;
    record.url = runner_.url;
    record.slot = {.concurrent_id = 3, .concurrent_project_id = 3};
    auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, record, payload_of(7));
    ASSERT_TRUE(journal);
    journal::Checkpoint checkpoint;
    checkpoint.phase = journal::Phase::kRunning;
    checkpoint.executor_state = "{}";
    checkpoint.plan_index = 2;
    ASSERT_TRUE(journal->save(checkpoint));
    host_->restore(journal::find_jobs(dir_.path()),
                   [this](const journal::JobRecord&) { return entry_; });
    ASSERT_EQ(host_->running(), 1);
    EXPECT_TRUE(host_->runs()[0]->status().restored);
    wait();
    EXPECT_THAT(executor_.calls, testing::ElementsAre("restore", "halt", "cleanup"));
    EXPECT_THAT(events_, testing::ElementsAre("take over 7", "end 7 success"));
    EXPECT_TRUE(journal_is_empty());
}

TEST_F(JobHostTakeovers, AreCountedBeforeTheJobIsTakenUp) {
    leave_job(2, payload_of(7));
    int before = 0;
    executor_.hooks["restore"] = [&] { before = counted(); };
    restore();
    EXPECT_EQ(counted(), 3);
    wait();
    EXPECT_EQ(before, 3);
    EXPECT_THAT(events_, testing::ElementsAre("take over 7", "end 7 success"));
}

TEST_F(JobHostTakeovers, EndAJobThatDaemonsDiedOf) {
    leave_job(journal::kMaxTakeovers, payload_of(7));
    api_->checks_offsets = true;
    api_->trace = "what the server has\n";
    restore();
    EXPECT_EQ(host_->running(), 0);
    wait();
    EXPECT_THAT(api_->trace, HasSubstr("server has\n\x1b[31;1mERROR: Job failed (system failure): "
                                       "the runner died 5 times"));
    EXPECT_EQ(api_->updates.back().state, JobState::kFailed);
    EXPECT_EQ(api_->updates.back().failure_reason, "runner_system_failure");
    EXPECT_EQ(api_->updates.back().checksum, "") << "nobody knows that of the whole log";
    EXPECT_THAT(executor_.calls, testing::ElementsAre("restore", "halt", "cleanup"));
    EXPECT_TRUE(journal_is_empty());
}

TEST_F(JobHostTakeovers, SendTheLogThatTheServerDoesNotHave) {
    const std::string log = "one line\nand a half";
    leave_job(journal::kMaxTakeovers, payload_of(7));
    auto found = journal::find_jobs(dir_.path());
    ASSERT_TRUE(
        base::write_file_atomic(found[0].journal.spool_path(), log + " not committed", 0600));
    found[0].checkpoint.spool_bytes = log.size();
    ASSERT_TRUE(found[0].journal.save(found[0].checkpoint));
    api_->checks_offsets = true;
    api_->trace = "one line\n";
    restore();
    wait();
    EXPECT_THAT(api_->trace, testing::StartsWith(log + "\n\x1b[31;1mERROR: Job failed"));
    EXPECT_EQ(api_->updates.back().bytesize, api_->trace.size());
    EXPECT_EQ(api_->updates.back().checksum, trace::checksum_of(api_->trace));
}

TEST_F(JobHostTakeovers, EndAJobWithoutReadingItsPayload) {
    leave_job(journal::kMaxTakeovers, R"({"id": 7, "token": "t", "steps": "unreadable"})");
    restore();
    wait();
    EXPECT_THAT(api_->trace, HasSubstr("the runner died 5 times"));
    EXPECT_TRUE(journal_is_empty());
}

TEST_F(JobHostTakeovers, KeepAGivenUpJobThatTheServerCouldNotBeToldOf) {
    leave_job(journal::kMaxTakeovers, payload_of(7));
    api_->update_result.outcome = protocol::gitlab::UpdateOutcome::kFailed;
    restore();
    wait();
    EXPECT_EQ(counted(), journal::kMaxTakeovers);
}

TEST_F(JobHostTakeovers, KeepAJobWhoseRunnerIsNoLongerConfigured) {
    auto journal = journal::Journal::create(dir_.path(), runner_.url, 7, {}, payload_of(7));
    ASSERT_TRUE(journal->save({}));
    host_->restore(journal::find_jobs(dir_.path()),
                   [](const journal::JobRecord&) { return std::shared_ptr<RunnerEntry>(); });
    EXPECT_EQ(host_->running(), 0);
    EXPECT_FALSE(journal_is_empty());
}

}  // namespace
}  // namespace runner::daemon
