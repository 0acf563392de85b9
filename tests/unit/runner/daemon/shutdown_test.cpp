#include "runner/daemon/shutdown.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace {

using runner::daemon::ShutdownPlan;
using Action = ShutdownPlan::Action;

TEST(ShutdownPlan, QuitDrainsAndASecondQuitGoesOnWaiting) {
    ShutdownPlan plan;
    EXPECT_FALSE(plan.stopping());
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kDrain);
    EXPECT_STREQ(plan.state_name(), "graceful-shutdown");
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kNone);
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kStop);
    EXPECT_STREQ(plan.state_name(), "forceful-shutdown");
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kLeave);
}

TEST(ShutdownPlan, ASecondSignalAfterAStopLeavesAtOnce) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGINT), Action::kStop);
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kLeave);
}

TEST(ShutdownPlan, HupReloadsOnlyWhileRunning) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGHUP), Action::kReload);
    EXPECT_FALSE(plan.stopping());
    plan.on_signal(SIGQUIT);
    EXPECT_EQ(plan.on_signal(SIGHUP), Action::kNone);
}

TEST(ShutdownPlan, UserSignalsOnlyDescribeInEveryState) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGUSR1), Action::kDescribe);
    EXPECT_FALSE(plan.stopping());
    plan.on_signal(SIGTERM);
    EXPECT_EQ(plan.on_signal(SIGUSR2), Action::kDescribe);
}

}  // namespace
