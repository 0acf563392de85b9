#include "runner/daemon/health.hpp"

#include <gtest/gtest.h>

namespace {

using runner::daemon::HealthTracker;
using std::chrono::minutes;

const auto kStart = HealthTracker::TimePoint() + std::chrono::hours(100);

TEST(HealthTracker, LeavesARefusedRunnerAloneUntilTheIntervalHasPassed) {
    HealthTracker health;
    EXPECT_TRUE(health.may_ask("a", 3, minutes(60), kStart));
    EXPECT_FALSE(health.record_unhealthy("a", 3));
    EXPECT_FALSE(health.record_unhealthy("a", 3));
    EXPECT_TRUE(health.may_ask("a", 3, minutes(60), kStart));
    EXPECT_TRUE(health.record_unhealthy("a", 3));
    EXPECT_FALSE(health.may_ask("a", 3, minutes(60), kStart + minutes(59)));
    EXPECT_TRUE(health.may_ask("a", 3, minutes(60), kStart + minutes(60)));
}

TEST(HealthTracker, TellsUntilWhenARunnerRests) {
    HealthTracker health;
    EXPECT_FALSE(health.resting_until("a", 2, minutes(60), kStart));
    health.record_healthy("a", kStart);
    health.record_unhealthy("a", 2);
    EXPECT_FALSE(health.resting_until("a", 2, minutes(60), kStart));
    health.record_unhealthy("a", 2);
    EXPECT_EQ(health.resting_until("a", 2, minutes(60), kStart), kStart + minutes(60));
    EXPECT_FALSE(health.resting_until("a", 2, minutes(60), kStart + minutes(60)));
    EXPECT_FALSE(health.resting_until("b", 2, minutes(60), kStart));
}

TEST(HealthTracker, OneGoodAnswerForgetsTheRefusals) {
    HealthTracker health;
    health.record_unhealthy("a", 2);
    health.record_healthy("a", kStart);
    EXPECT_FALSE(health.record_unhealthy("a", 2));
    EXPECT_TRUE(health.may_ask("a", 2, minutes(60), kStart));
}

TEST(HealthTracker, RunnersDoNotShareTheirHealth) {
    HealthTracker health;
    health.record_unhealthy("a", 1);
    EXPECT_FALSE(health.may_ask("a", 1, minutes(60), HealthTracker::TimePoint() + minutes(1)));
    EXPECT_TRUE(health.may_ask("b", 1, minutes(60), kStart));
}

TEST(HealthTracker, ClearGivesEveryoneANewChance) {
    HealthTracker health;
    health.record_healthy("a", kStart);
    health.record_unhealthy("a", 1);
    EXPECT_FALSE(health.may_ask("a", 1, minutes(60), kStart));
    health.clear();
    EXPECT_TRUE(health.may_ask("a", 1, minutes(60), kStart));
}

}  // namespace
