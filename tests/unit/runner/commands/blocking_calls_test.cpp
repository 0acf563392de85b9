#include "runner/commands/blocking_calls.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "base/stop_source.hpp"

namespace runner::commands {
namespace {

base::Task<base::Result<bool>> short_wait() {
    const bool waited = co_await base::sleep_for(std::chrono::milliseconds(1));
    if (!waited) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    co_return true;
}

base::Task<base::Result<bool>> raise_and_wait(int signal) {
    std::raise(signal);
    const bool waited = co_await base::sleep_for(std::chrono::hours(1));
    if (!waited) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    co_return true;
}

class BlockingCallsSignals : public testing::TestWithParam<int> {};

TEST_P(BlockingCallsSignals, EndTheCallAndNotTheNext) {
    BlockingCalls calls;
    auto ended = calls.wait<bool>(raise_and_wait(GetParam()));
    ASSERT_FALSE(ended);
    EXPECT_TRUE(ended.error().is(base::ErrorKind::kCancelled));
    EXPECT_TRUE(calls.wait<bool>(short_wait()));
}

TEST_P(BlockingCallsSignals, BetweenCallsAreHeldForTheNext) {
    BlockingCalls calls;
    calls.hold_signals();
    ASSERT_TRUE(calls.wait<bool>(short_wait()));
    std::raise(GetParam());
    auto ended = calls.wait<bool>(short_wait());
    ASSERT_FALSE(ended);
    EXPECT_TRUE(ended.error().is(base::ErrorKind::kCancelled));
    EXPECT_TRUE(calls.wait<bool>(short_wait()));
}

TEST_P(BlockingCallsSignals, BetweenCallsEndTheProgramIfNotHeld) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            BlockingCalls calls;
            (void)calls.wait<bool>(short_wait());
            std::raise(GetParam());
        },
        testing::KilledBySignal(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Stop, BlockingCallsSignals, testing::Values(SIGINT, SIGTERM));

}  // namespace
}  // namespace runner::commands
