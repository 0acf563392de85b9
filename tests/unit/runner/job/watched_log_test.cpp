#include "runner/job/watched_log.hpp"

#include <gtest/gtest.h>

#include "tests/support/job_log_lines.hpp"

namespace runner::job {
namespace {

TEST(WatchedLog, KeepsTheWaitsThatAreUnderWay) {
    tests::JobLogLines lines;
    status::JobState state;
    WatchedLog log(lines, state);
    {
        const executors::Waiting image(log, "the image alpine");
        EXPECT_EQ(state.waits_for, "the image alpine");
        {
            const executors::Waiting services(log, "its services to be up");
            const executors::Waiting again(log, "the image alpine");
            EXPECT_EQ(state.waits_for, "the image alpine, its services to be up, the image alpine");
        }
        EXPECT_EQ(state.waits_for, "the image alpine");
    }
    EXPECT_EQ(state.waits_for, "");
}

}  // namespace
}  // namespace runner::job
