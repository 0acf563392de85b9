#include "base/notifier.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

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

/// Notifications are not counted, so it goes on until the wait has ended.
Task<void> notify(Notifier& notifier, const bool& ended) {
    while (!ended) {
        notifier.notify_all();
        co_await boost::asio::post(boost::asio::use_awaitable);
    }
}

Task<bool> notified_within(Notifier& notifier, TaskGroup& group, std::chrono::nanoseconds limit) {
    bool ended = false;
    group.spawn("notify", notify(notifier, ended));
    const bool notified = co_await notifier.wait_for(limit);
    ended = true;
    co_await group.wait();
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
        auto result = co_await run_stoppable(&stop, std::move(waiting), std::nullopt);
        co_return result;
    };
    const auto result = tests::run_to_end(io_, both());
    EXPECT_TRUE(!result || !*result);
}

}  // namespace
}  // namespace base
