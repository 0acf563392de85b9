#include "runner/job/checkpointer.hpp"

#include <gmock/gmock.h>

#include <boost/asio/post.hpp>
#include <fstream>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using journal::Checkpoint;
using journal::Phase;

class CheckpointerTest : public tests::JobFixture {
  protected:
    CheckpointerTest() : channel_object_(context_.get_executor(), channel_) {
        auto journal =
            journal::Journal::create(dir_.path(), "https://gitlab.example.com", 7, {}, "{}");
        directory_ = journal->directory();
        Checkpoint state;
        state.phase = Phase::kRunning;
        checkpoints_.emplace(context_.get_executor(), *journal, channel_object_, base::log::Scope(),
                             status_, state);
    }
    /// The checkpoint that a restarted daemon would read.
    Checkpoint on_disk() { return journal::find_jobs(dir_.path()).at(0).checkpoint; }

    tests::FakeChannel channel_object_;
    status::JobState status_;
    std::optional<Checkpointer> checkpoints_;
};

TEST_F(CheckpointerTest, SavesTheLogsPositionBeforeTheLogIsSent) {
    channel_.output = "0123456789";
    checkpoints_->state().plan_index = 3;
    checkpoints_->save();
    EXPECT_EQ(on_disk().plan_index, 3U);
    EXPECT_EQ(on_disk().spool_bytes, 10U);
    EXPECT_EQ(channel_.committed, 10U);
}

TEST_F(CheckpointerTest, GoesOnWithoutAJournal) {
    std::filesystem::remove_all(directory_);
    channel_.output = "text";
    checkpoints_->save();
    EXPECT_EQ(channel_.committed, 4U) << "the log is sent all the same";
}

TEST_F(CheckpointerTest, KeepsLogAndEventsTogetherWhileTheDiskIsFull) {
    channel_.output = "stored";
    checkpoints_->state().events_offset = 100;
    checkpoints_->save();
    channel_.disk_is_full = true;
    channel_.output += " and not stored";
    checkpoints_->state().events_offset = 200;
    checkpoints_->state().plan_index = 5;
    checkpoints_->save();
    EXPECT_EQ(on_disk().plan_index, 5U);
    EXPECT_EQ(on_disk().spool_bytes, 6U);
    EXPECT_EQ(on_disk().events_offset, 100U) << "a restarted daemon reads the output again";
    EXPECT_EQ(channel_.committed, 6U) << "what is not stored is not sent";
    channel_.disk_is_full = false;
    checkpoints_->save();
    EXPECT_EQ(on_disk().events_offset, 200U);
    EXPECT_EQ(channel_.committed, 21U);
}

TEST_F(CheckpointerTest, ANewEnvironmentBeginsItsEventsAlsoWhileTheDiskIsFull) {
    checkpoints_->state().events_offset = 100;
    checkpoints_->save();
    channel_.disk_is_full = true;
    checkpoints_->state().events_offset = 0;
    checkpoints_->save();
    EXPECT_EQ(on_disk().events_offset, 0U);
}

TEST_F(CheckpointerTest, WritesAgainByItselfUntilTheDiskHasRoom) {
    channel_.disk_is_full = true;
    channel_.output = "text";
    channel_.on_commit = [this] { checkpoints_->finish(); };
    const auto full = [this]() -> base::Task<bool> {
        base::TaskGroup group(context_.get_executor());
        group.spawn("serve", checkpoints_->serve());
        checkpoints_->request();
        boost::asio::post(context_, [this] { channel_.disk_is_full = false; });
        co_await group.wait();
        co_return true;
    };
    EXPECT_TRUE(run(full()));
    EXPECT_EQ(channel_.committed, 4U);
}

TEST_F(CheckpointerTest, SavesOnceForManyRequests) {
    const auto requests = [this]() -> base::Task<bool> {
        base::TaskGroup group(context_.get_executor());
        group.spawn("serve", checkpoints_->serve());
        for (int i = 1; i <= 5; ++i) {
            checkpoints_->state().attempt = i;
            checkpoints_->request();
        }
        co_await group.wait();
        co_return true;
    };
    int saves = 0;
    channel_.on_commit = [&] {
        ++saves;
        checkpoints_->finish();
    };
    run(requests());
    EXPECT_EQ(saves, 1);
    EXPECT_EQ(on_disk().attempt, 5);
}

TEST_F(CheckpointerTest, EndsWithTheJobAndWritesNothingAfterwards) {
    const auto ends = [this]() -> base::Task<bool> {
        base::TaskGroup group(context_.get_executor());
        group.spawn("serve", checkpoints_->serve());
        checkpoints_->finish();
        co_await group.wait();
        co_return true;
    };
    run(ends());
    checkpoints_->state().attempt = 9;
    checkpoints_->save();
    EXPECT_NE(on_disk().attempt, 9);
}

TEST_F(CheckpointerTest, RemovesTheJobFromTheJournal) {
    checkpoints_->save();
    EXPECT_TRUE(checkpoints_->remove());
    EXPECT_FALSE(journal_is_left());
}

}  // namespace
}  // namespace runner::job
