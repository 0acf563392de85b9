#include "base/notifier.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"

namespace base {
namespace {

constexpr std::chrono::hours kLong{1};

class NotifierTest : public testing::Test {
  protected:
    boost::asio::io_context io_;
    Notifier notifier_{io_.get_executor()};
};

Task<void> notify(Notifier& notifier) {
    notifier.notify_all();
    co_return;
}

Task<bool> notified_within(Notifier& notifier, TaskGroup& group, std::chrono::nanoseconds limit) {
    group.spawn("notify", notify(notifier));
    const bool notified = co_await notifier.wait_for(limit);
    co_return notified;
}

TEST_F(NotifierTest, SaysWhenTheLimitPassedFirst) {
    EXPECT_FALSE(tests::run_to_end(io_, notifier_.wait_for(std::chrono::milliseconds(1))));
    EXPECT_FALSE(tests::run_to_end(io_, notifier_.wait_for(std::chrono::milliseconds(0))));
}

TEST_F(NotifierTest, SaysWhenItWasNotified) {
    TaskGroup group(io_.get_executor());
    EXPECT_TRUE(tests::run_to_end(io_, notified_within(notifier_, group, kLong)));
}

TEST_F(NotifierTest, ACancelledWaitWasNotNotified) {
    StopSource stop;
    const auto wait = [](Notifier& notifier) -> Task<Result<bool>> {
        const bool notified = co_await notifier.wait_for(kLong);
        co_return notified;
    };
    TaskGroup group(io_.get_executor());
    const auto request = [](StopSource& source) -> Task<void> {
        source.request(StopReason::kShutdown);
        co_return;
    };
    const auto both = [&]() -> Task<Result<bool>> {
        group.spawn("stop", request(stop));
        auto waiting = wait(notifier_);
        auto result = co_await run_stoppable(&stop, std::move(waiting), {});
        co_return result;
    };
    const auto result = tests::run_to_end(io_, both());
    EXPECT_TRUE(!result || !*result);
}

}  // namespace
}  // namespace base
