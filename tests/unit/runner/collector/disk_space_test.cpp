#include "runner/collector/disk_space.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <future>

#include "base/stop_source.hpp"
#include "tests/support/run_to_end.hpp"

namespace runner::collector {
namespace {

using base::Result;
using base::Task;
using status::DiskState;
using testing::HasSubstr;

Task<Result<DiskState>> ask_within(AskForSpace ask, std::chrono::milliseconds limit) {
    auto asking = ask_for_space("/dead", std::move(ask));
    auto answer = co_await base::with_deadline(std::move(asking), limit);
    co_return answer;
}

TEST(DiskSpace, IsThatOfTheFileSystem) {
    const auto here = tests::run_to_end(disk_space("/"));
    ASSERT_TRUE(here) << here.error().message;
    EXPECT_GT(here->size_bytes, 0U);
    const auto above = tests::run_to_end(disk_space_above("/none/at/all"));
    ASSERT_TRUE(above) << above.error().message;
    EXPECT_EQ(above->size_bytes, here->size_bytes);
    EXPECT_TRUE(tests::run_to_end(disk_space("/none")).error().is(base::ErrorKind::kNotFound));
}

TEST(DiskSpace, HoldsNobodyUpThatAsksAFileSystemWithoutAnAnswer) {
    std::promise<DiskState> disk;
    std::promise<void> asked_once;
    auto hangs = [answer = disk.get_future().share(), &asked_once]() -> Result<DiskState> {
        asked_once.set_value();
        return answer.get();
    };
    const auto first = tests::run_to_end(ask_within(hangs, std::chrono::milliseconds(1)));
    ASSERT_FALSE(first);
    EXPECT_TRUE(first.error().is(base::ErrorKind::kTimeout));

    auto at_once = []() -> Result<DiskState> { return DiskState{}; };
    const auto second = tests::run_to_end(ask_within(at_once, std::chrono::minutes(1)));
    ASSERT_FALSE(second) << "it is not asked twice at a time";
    EXPECT_TRUE(second.error().is(base::ErrorKind::kUnavailable));
    EXPECT_THAT(second.error().message, HasSubstr("/dead has not answered for 0 s"));

    asked_once.get_future().wait();
    disk.set_value(DiskState{});
    // The thread needs a moment to leave its answer.
    while (!tests::run_to_end(ask_within(at_once, std::chrono::minutes(1)))) {
    }
}

}  // namespace
}  // namespace runner::collector
