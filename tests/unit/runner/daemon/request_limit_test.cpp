#include "runner/daemon/request_limit.hpp"

#include <gtest/gtest.h>

namespace {

using runner::daemon::AdaptiveRequestLimit;
using Outcome = AdaptiveRequestLimit::Outcome;

TEST(AdaptiveRequestLimit, StartsAtOneAndGrowsWithJobs) {
    AdaptiveRequestLimit limit;
    EXPECT_EQ(limit.limit(10, true), 1);
    limit.record(Outcome::kJob, 10);
    EXPECT_EQ(limit.limit(10, true), 1);
    for (int i = 0; i < 9; ++i) limit.record(Outcome::kJob, 10);
    EXPECT_GT(limit.limit(10, true), 2);
    for (int i = 0; i < 100; ++i) limit.record(Outcome::kJob, 10);
    EXPECT_EQ(limit.limit(10, true), 10);
}

TEST(AdaptiveRequestLimit, ServerTroubleHalvesIt) {
    AdaptiveRequestLimit limit;
    for (int i = 0; i < 100; ++i) limit.record(Outcome::kJob, 8);
    limit.record(Outcome::kServerTrouble, 8);
    EXPECT_EQ(limit.limit(8, true), 4);
    for (int i = 0; i < 100; ++i) limit.record(Outcome::kNoJob, 8);
    EXPECT_EQ(limit.limit(8, true), 1);
}

TEST(AdaptiveRequestLimit, TheFlagTurnsItOff) {
    const AdaptiveRequestLimit limit;
    EXPECT_EQ(limit.limit(5, false), 5);
    EXPECT_EQ(limit.limit(0, false), 1);
}

}  // namespace
