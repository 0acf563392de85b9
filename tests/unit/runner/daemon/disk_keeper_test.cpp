#include "runner/daemon/disk_keeper.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "tests/support/fake_store.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::RunnerConfig runner(const std::string& executor, const std::string& where = {}) {
    config::RunnerConfig made;
    made.executor = executor;
    made.builds_dir = where;
    made.cache_dir = "/data/cache";
    made.docker.host = where;
    return made;
}

using Answer = std::optional<base::Result<std::vector<collector::PlaceReport>>>;

/// Not within the removal that it stops.
base::Task<void> collect_and_stop(DiskKeeper& keeper, Answer& answer) {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, base::use_tuple);
    auto asking = keeper.collect_now({});
    auto reports = co_await std::move(asking);
    answer.emplace(std::move(reports));
    co_await keeper.stop();
}

base::Task<bool> wait_for(base::TaskGroup& group) {
    co_await group.wait();
    co_return true;
}

/// One engine of 1000 bytes beside the test's own disk: it collects below 100 until 200, jobs pause
/// below 50.
class DiskKeeperTest : public testing::Test {
  protected:
    DiskKeeperTest() {
        config_.disk.collect_below = "10%";
        config_.disk.collect_until = "20%";
        config_.disk.pause_below = "5%";
        // The test's own disk may be as full as it wants.
        config_.disk.pause_below_inodes = "0";
        config_.runners = {runner("docker", "tcp://engine:2375"), runner("shell", "/data/builds")};
        engine_->disk.free_bytes = 500;
        DiskKeeper::Host host;
        host.engines = [this](const config::Config&) {
            return DiskKeeper::Stores{{"engine tcp://engine:2375\n", engine_}};
        };
        host.used_directories = [this] { return used_; };
        host.on_pause = [this] { events_.emplace_back("pause"); };
        host.on_resume = [this] { events_.emplace_back("resume"); };
        host.on_removed = [this](const collector::Item& item, std::uint64_t) {
            events_.push_back("removed " + item.name);
        };
        host.on_collected = [this] { events_.emplace_back("collected"); };
        keeper_.emplace(context_.get_executor(), std::move(host));
        keeper_->configure(config_, state_.path());
    }
    base::Task<bool> look_once() {
        co_await keeper_->look();
        co_await keeper_->wait_for_collection();
        co_return true;
    }
    void look() { tests::run_to_end(context_, look_once()); }
    base::Result<std::vector<collector::PlaceReport>> collect(collector::Wish wish = {}) {
        return tests::run_to_end(context_, keeper_->collect_now(wish));
    }
    [[nodiscard]] std::string problem(std::size_t index) const {
        return keeper_->problem_of(config_.runners[index]);
    }

    tests::TempDir state_;
    boost::asio::io_context context_{1};
    config::Config config_;
    std::shared_ptr<tests::FakeStore> engine_ = std::make_shared<tests::FakeStore>();
    std::vector<std::filesystem::path> used_;
    std::vector<std::string> events_;
    std::optional<DiskKeeper> keeper_;
};

TEST_F(DiskKeeperTest, WatchesTheStateTheEnginesAndWhereJobsShareTheMachine) {
    look();
    std::vector<std::string> found;
    for (const auto& disk : keeper_->states()) {
        found.push_back(disk.directory + ", " + disk.place);
        EXPECT_GT(disk.size_bytes, 0U) << disk.place;
    }
    EXPECT_THAT(found, ElementsAre("builds, builds directory /data/builds",
                                   "cache, caches /data/cache", "engine, engine the test's store",
                                   "state, state directory " + state_.path().string()));
}

TEST_F(DiskKeeperTest, PausesTheRunnersOfAShortDiskAndResumesThem) {
    engine_->disk.free_bytes = 49;
    look();
    EXPECT_THAT(problem(0), HasSubstr("The disk of the engine the test's store is short: 49 B "
                                      "(4.9 %) are free; jobs are taken again from 60 B on"));
    EXPECT_EQ(problem(1), "") << "a shell runner does not use that disk";
    engine_->disk.free_bytes = 59;
    look();
    EXPECT_NE(problem(0), "");
    engine_->disk.free_bytes = 60;
    look();
    EXPECT_EQ(problem(0), "");
    std::erase(events_, "collected");
    EXPECT_THAT(events_, ElementsAre("pause", "resume"));
}

base::Task<bool> look_here(DiskKeeper& keeper) {
    co_await keeper.look_here();
    co_return true;
}

TEST_F(DiskKeeperTest, KnowsThisMachineBeforeTheFirstJobIsAskedFor) {
    config_.disk.pause_below = "100%";
    config_.disk.collect_until = "100%";
    keeper_->configure(config_, state_.path());
    engine_->measure_failure = base::make_error(base::ErrorKind::kTimeout, "no answer");
    tests::run_to_end(context_, look_here(*keeper_));
    EXPECT_THAT(problem(1), HasSubstr("state directory"));
    EXPECT_EQ(keeper_->states()[2].problem, "") << "the engine was not asked";
}

TEST_F(DiskKeeperTest, GoesOnPausingWhileTheShortDiskCannotBeMeasured) {
    engine_->disk.free_bytes = 10;
    engine_->add("a", 1, 5);
    look();
    ASSERT_NE(problem(0), "");
    engine_->measure_failure = base::make_error(base::ErrorKind::kUnavailable, "no answer");
    engine_->removed.clear();
    look();
    EXPECT_THAT(problem(0), HasSubstr("it cannot be measured now (no answer)"));
    EXPECT_EQ(keeper_->states()[2].problem, "no answer");
    EXPECT_THAT(engine_->removed, IsEmpty());
    engine_->measure_failure.reset();
    engine_->disk.free_bytes = 500;
    look();
    EXPECT_EQ(problem(0), "");
}

TEST_F(DiskKeeperTest, DoesNotPauseForADiskThatWasNeverMeasured) {
    engine_->measure_failure = base::make_error(base::ErrorKind::kUnavailable, "no answer");
    look();
    EXPECT_EQ(problem(0), "");
    EXPECT_EQ(keeper_->states()[2].problem, "no answer");
}

TEST_F(DiskKeeperTest, RemovesCheckoutsThatNoJobUses) {
    const auto builds = state_.path() / "builds";
    config_.runners[1] = runner("shell", builds.string());
    config_.runners[1].token = base::Secret("glrt-0123456789abcdef");
    const auto slot = builds / config::short_token(config_.runners[1].token) / "0" / "group";
    const auto then = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
    for (const char* name : {"used", "unused"}) {
        std::filesystem::create_directories(slot / name / ".git");
        std::filesystem::last_write_time(slot / name / ".git", then);
        std::filesystem::last_write_time(slot / name, then);
    }
    used_ = {slot / "used"};
    keeper_->configure(config_, state_.path());
    ASSERT_TRUE(collect({.all = true}).has_value());
    EXPECT_THAT(events_, Contains("removed " + (slot / "unused").string()));
    EXPECT_FALSE(std::filesystem::exists(slot / "unused"));
    EXPECT_TRUE(std::filesystem::exists(slot / "used" / ".git"));
}

TEST_F(DiskKeeperTest, CollectsByItselfAndSoMakesRoomForJobs) {
    engine_->disk.free_bytes = 40;
    engine_->add("a", 1, 100);
    engine_->add("b", 2, 100);
    engine_->add("c", 3, 100);
    look();
    EXPECT_THAT(events_, ElementsAre("pause", "removed a", "removed b", "collected"));
    look();
    EXPECT_EQ(problem(0), "");
    EXPECT_THAT(engine_->items, testing::SizeIs(1));
}

TEST_F(DiskKeeperTest, CollectsUntilJobsAreTakenAgain) {
    // Sizes: the test's own disk has more of them.
    config_.disk.collect_below = "160";
    config_.disk.collect_until = "190";
    config_.disk.pause_below = "180";
    keeper_->configure(config_, state_.path());
    engine_->disk.free_bytes = 176;
    engine_->add("a", 1, 20);
    engine_->add("b", 2, 20);
    engine_->add("c", 3, 20);
    look();
    look();
    EXPECT_EQ(problem(0), "");
    EXPECT_THAT(engine_->removed, ElementsAre("a", "b"));
}

base::Task<bool> look_until_known(DiskKeeper& keeper) {
    const auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup looking(executor);
    looking.spawn("look", keeper.look());
    while (keeper.states()[3].size_bytes == 0) {
        const bool slept = co_await base::sleep_for(std::chrono::milliseconds(1));
        if (!slept) break;
    }
    looking.cancel_all();
    co_await looking.wait();
    co_return true;
}

TEST_F(DiskKeeperTest, WatchesEachPlaceWhateverTheOthersAnswer) {
    engine_->measure_hangs = true;
    tests::run_to_end(context_, look_until_known(*keeper_));
    EXPECT_GT(keeper_->states()[3].size_bytes, 0U) << "the state directory";
    EXPECT_EQ(keeper_->states()[2].problem, "") << "the engine was asked until the end";
}

TEST_F(DiskKeeperTest, AsksForNothingAgainAndAgainWhereNothingCanGo) {
    engine_->disk.free_bytes = 90;
    look();
    look();
    EXPECT_THAT(events_, ElementsAre("collected")) << "the next run is minutes later";
}

TEST_F(DiskKeeperTest, RunsOneCollectionAtATime) {
    engine_->disk.free_bytes = 90;
    engine_->add("a", 1, 100);
    engine_->hangs = true;
    Answer second;
    base::TaskGroup others(context_.get_executor());
    engine_->on_remove = [&](const std::string&) {
        others.spawn("by hand", collect_and_stop(*keeper_, second));
    };
    look();
    tests::run_to_end(context_, wait_for(others));
    ASSERT_TRUE(second.has_value());
    ASSERT_FALSE(second->has_value());
    EXPECT_EQ(second->error().kind, base::ErrorKind::kConflict);
    EXPECT_THAT(engine_->removed, IsEmpty()) << "stop() has ended the removal";
}

TEST_F(DiskKeeperTest, CollectsByHandInAllPlaces) {
    engine_->disk.free_bytes = 150;
    engine_->add("a", 1, 100);
    std::filesystem::create_directories(state_.path() / "jobs" / "7-abc.broken");
    const auto planned = collect({.dry_run = true, .all = true});
    ASSERT_TRUE(planned.has_value());
    ASSERT_EQ(planned->size(), 4U) << "builds, caches, engine, state directory";
    EXPECT_EQ((*planned)[2].rows[0].action, collector::Action::kRemove);
    EXPECT_THAT(events_, IsEmpty());
    const auto done = collect();
    EXPECT_EQ((*done)[2].removed, 1U);
    EXPECT_THAT(events_, ElementsAre("removed a", "collected"));
}

TEST_F(DiskKeeperTest, KeepsItsFiguresOverAReloadAndForgetsWhatIsNotUsedAnyMore) {
    engine_->disk.free_bytes = 10;
    look();
    keeper_->configure(config_, state_.path());
    EXPECT_NE(problem(0), "");
    config_.disk.pause_below = "0";
    keeper_->configure(config_, state_.path());
    EXPECT_EQ(problem(0), "");
    std::erase(events_, "collected");
    EXPECT_THAT(events_, ElementsAre("pause", "resume"));
}

}  // namespace
}  // namespace runner::daemon
