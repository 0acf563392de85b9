#include "runner/daemon/warm_service.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runner::daemon {
namespace {

TEST(WarmServiceTest, ATenthOfTheMemoryIsForTheMachine) {
    const struct {
        std::string meminfo;
        bool pressed;
    } rows[] = {
        {"MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 100 kB\n", false},
        {"MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 99 kB\n", true},
        {"MemTotal: 1000 kB\n", true},
        {"", false},
        {"MemTotal: many\n", false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(!memory_pressure(row.meminfo).empty(), row.pressed) << row.meminfo;
}

TEST(WarmServiceTest, ATwentiethOfADiskIsForJobs) {
    const struct {
        status::DiskState disk;
        bool pressed;
    } rows[] = {
        {{"state", "/x", 1000, 50, 100, 5}, false}, {{"state", "/x", 1000, 49, 100, 100}, true},
        {{"state", "/x", 1000, 500, 100, 4}, true}, {{"state", "/x", 1000, 500, 0, 0}, false},
        {{"state", "/x", 0, 0, 0, 0}, false},
    };
    for (const auto& row : rows) {
        const std::string reason = disk_pressure({row.disk});
        EXPECT_EQ(!reason.empty(), row.pressed) << reason;
    }
}

}  // namespace
}  // namespace runner::daemon
