#include "runner/daemon/run_limits.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/run_to_end.hpp"

namespace runner::daemon {
namespace {

TEST(RunLimits, EndAtTheLastJobThatIsWanted) {
    boost::asio::io_context context(1);
    int ends = 0;
    RunLimits limits(
        context.get_executor(), {2, std::chrono::seconds(0)}, [] { return true; },
        [&ends] { ++ends; });
    limits.job_started();
    EXPECT_EQ(ends, 0);
    limits.job_started();
    EXPECT_EQ(ends, 1);
    limits.job_started();
    EXPECT_EQ(ends, 1);
}

base::Task<bool> watch(RunLimits& limits) {
    co_await limits.watch();
    co_return true;
}

TEST(RunLimits, WithoutLimitsNothingEnds) {
    boost::asio::io_context context(1);
    bool ended = false;
    RunLimits limits(
        context.get_executor(), {}, [] { return true; }, [&ended] { ended = true; });
    limits.job_started();
    tests::run_to_end(context, watch(limits));
    EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace runner::daemon
