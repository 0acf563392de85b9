#include "runner/daemon/disk_watch.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {
namespace {

using testing::ElementsAre;

config::RunnerConfig runner(const std::string& executor, const std::string& builds_dir) {
    config::RunnerConfig made;
    made.executor = executor;
    made.builds_dir = builds_dir;
    return made;
}

TEST(DiskWatch, WatchesTheStateAndWhereJobsShareTheMachine) {
    config::Config config;
    config.runners = {runner("shell", "/data/builds"), runner("docker", "/in-the-container"),
                      runner("shell", "/data/builds"), runner("shell", "")};
    std::vector<std::string> found;
    for (const auto& disk : watched_directories(config, "/state")) {
        found.push_back(disk.directory + " " + disk.path);
    }
    const std::string fallback = (std::filesystem::current_path() / "builds").string();
    EXPECT_THAT(found, ElementsAre("state /state", "builds /data/builds", "builds " + fallback));
}

base::Task<bool> measure(DiskWatch& watch, const boost::asio::any_io_executor& io) {
    base::TaskGroup group(io);
    group.spawn("disks", watch.run());
    while (watch.states().front().size_bytes == 0) {
        co_await base::sleep_for(std::chrono::milliseconds(1));
    }
    group.cancel_all();
    co_await group.wait();
    co_return true;
}

TEST(DiskWatch, MeasuresADirectoryThatIsNotMadeYetByItsParent) {
    const tests::TempDir directory;
    boost::asio::io_context context{1};
    DiskWatch watch(context.get_executor());
    status::DiskState disk;
    disk.path = (directory.path() / "later" / "builds").string();
    watch.watch({disk});
    EXPECT_TRUE(tests::run_to_end(context, measure(watch, context.get_executor())));
    const auto& measured = watch.states().front();
    EXPECT_GT(measured.free_bytes, 0U);
    EXPECT_LE(measured.free_bytes, measured.size_bytes);
    const std::uint64_t size = measured.size_bytes;
    watch.watch({disk, status::DiskState{.directory = "state", .path = "/other"}});
    EXPECT_EQ(watch.states()[0].size_bytes, size) << "figures stay when the configuration is read";
    EXPECT_EQ(watch.states()[1].size_bytes, 0U);
}

TEST(DiskWatch, EndsWhenNobodyHasAsked) {
    boost::asio::io_context context{1};
    DiskWatch watch(context.get_executor());
    base::TaskGroup group(context.get_executor());
    group.spawn("disks", watch.run());
    context.poll();
    group.cancel_all();
    context.restart();
    context.run();
    EXPECT_TRUE(context.stopped());
}

}  // namespace
}  // namespace runner::daemon
