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

TEST(ShutdownPlan, ASecondStopLeavesAtOnce) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGINT), Action::kStop);
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kLeave);
}

TEST(ShutdownPlan, QuitAfterAStopChangesNothing) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kStop);
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kNone);
    EXPECT_STREQ(plan.state_name(), "forceful-shutdown");
}

TEST(ShutdownPlan, Usr2HandsOverOnceAlsoWhileTheJobsAreWaitedFor) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kDrain);
    EXPECT_FALSE(plan.handing_over());
    EXPECT_EQ(plan.on_signal(SIGUSR2), Action::kHandOver);
    EXPECT_TRUE(plan.handing_over());
    EXPECT_EQ(plan.on_signal(SIGUSR2), Action::kNone);
    EXPECT_EQ(plan.on_signal(SIGQUIT), Action::kNone);
    EXPECT_EQ(plan.on_signal(SIGHUP), Action::kNone);
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kLeave);
}

TEST(ShutdownPlan, JobsThatAreStoppedAreNotHandedOver) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGTERM), Action::kStop);
    EXPECT_EQ(plan.on_signal(SIGUSR2), Action::kNone);
    EXPECT_FALSE(plan.handing_over());
}

TEST(ShutdownPlan, HupReloadsOnlyWhileRunning) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGHUP), Action::kReload);
    EXPECT_FALSE(plan.stopping());
    plan.on_signal(SIGQUIT);
    EXPECT_EQ(plan.on_signal(SIGHUP), Action::kNone);
}

TEST(ShutdownPlan, Usr1OnlyDescribesInEveryState) {
    ShutdownPlan plan;
    EXPECT_EQ(plan.on_signal(SIGUSR1), Action::kDescribe);
    EXPECT_FALSE(plan.stopping());
    plan.on_signal(SIGTERM);
    EXPECT_EQ(plan.on_signal(SIGUSR1), Action::kDescribe);
}

}  // namespace
