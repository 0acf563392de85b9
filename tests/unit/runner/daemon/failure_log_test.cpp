#include "runner/daemon/failure_log.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace runner::daemon {
namespace {

using namespace std::chrono_literals;

constexpr FailureLog::TimePoint kStart{1h};

TEST(FailureLog, WritesTheFirstOfASeriesAndThenAtGrowingIntervals) {
    FailureLog log;
    std::vector<long> written;
    for (auto after = 0s; after < 4h; after += 1s) {
        if (log.failed("a", "refused", kStart + after)) written.push_back(after.count() / 60);
    }
    EXPECT_EQ(written, (std::vector<long>{0, 1, 3, 7, 15, 31, 63, 123, 183}));
}

TEST(FailureLog, WritesAFailureThatDiffersFromTheOneBefore) {
    FailureLog log;
    EXPECT_EQ(log.failed("a", "refused", kStart), 1);
    EXPECT_EQ(log.failed("a", "refused", kStart + 1s), std::nullopt);
    EXPECT_EQ(log.failed("a", "timed out", kStart + 2s), 3);
    EXPECT_EQ(log.failed("b", "timed out", kStart + 2s), 1);
}

TEST(FailureLog, ReportsTheEndOfASeriesOnce) {
    FailureLog log;
    EXPECT_EQ(log.succeeded("a"), std::nullopt);
    log.failed("a", "refused", kStart);
    log.failed("a", "refused", kStart);
    EXPECT_EQ(log.succeeded("a"), 2);
    EXPECT_EQ(log.succeeded("a"), std::nullopt);
    EXPECT_EQ(log.failed("a", "refused", kStart), 1);
}

}  // namespace
}  // namespace runner::daemon
