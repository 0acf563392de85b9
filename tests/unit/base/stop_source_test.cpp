#include "base/stop_source.hpp"

#include <gtest/gtest.h>

#include "base/offload.hpp"
#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"

namespace {

using base::ErrorKind;
using base::Result;
using base::StopReason;
using base::StopSource;
using base::Task;
using std::chrono::hours;
using std::chrono::milliseconds;

Task<Result<int>> slow_answer() {
    auto slept = co_await base::sleep_for(hours(1));
    if (!slept) co_return base::make_error(ErrorKind::kCancelled, "sleep");
    co_return 1;
}

Task<Result<int>> quick_answer() { co_return 42; }

Task<Result<int>> throwing() {
    throw std::runtime_error("boom");
    co_return 1;
}

Task<bool> stop_later(StopSource& stop, StopReason reason) {
    co_await base::sleep_for(milliseconds(5));
    stop.request(reason);
    co_return true;
}

Task<bool> stop_while_running(StopSource& stop) {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    auto stopper = [](StopSource& s) -> Task<void> {
        co_await stop_later(s, StopReason::kUserCancel);
    };
    group.spawn("stopper", stopper(stop));
    auto task = slow_answer();
    auto result = co_await base::run_stoppable(&stop, std::move(task), std::nullopt);
    // The caller itself was not cancelled: it can still await.
    auto slept = co_await base::sleep_for(milliseconds(1));
    co_await group.wait();
    co_return slept && !result && result.error().is(ErrorKind::kCancelled);
}

TEST(RunStoppable, StopsTheOperationAndKeepsTheCaller) {
    StopSource stop;
    EXPECT_TRUE(tests::run_to_end(stop_while_running(stop)));
    EXPECT_EQ(stop.reason(), StopReason::kUserCancel);
}

TEST(RunStoppable, AnswersTimeoutWhenTheDeadlinePasses) {
    auto result = tests::run_to_end(base::with_deadline(slow_answer(), milliseconds(5)));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is(ErrorKind::kTimeout));
}

TEST(RunStoppable, AnswersTheValueAndLeavesNoTimer) {
    auto result = tests::run_to_end(base::with_deadline(quick_answer(), hours(1)));
    EXPECT_EQ(result.value(), 42);
}

TEST(RunStoppable, AnExceptionBecomesAnInternalError) {
    auto result = tests::run_to_end(base::with_deadline(throwing(), hours(1)));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().is(ErrorKind::kInternal));
    EXPECT_EQ(result.error().message, "boom");
}

TEST(RunStoppable, DoesNotStartAfterAStop) {
    StopSource stop;
    stop.request(StopReason::kShutdown);
    auto result = tests::run_to_end(base::run_stoppable(&stop, quick_answer(), base::Deadline()));
    EXPECT_TRUE(result.error().is(ErrorKind::kCancelled));
}

Task<ErrorKind> kind_when_the_caller_is_cancelled() {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    auto kind = ErrorKind::kInternal;
    auto child = [](ErrorKind& seen) -> Task<void> {
        auto task = slow_answer();
        auto result = co_await base::with_deadline(std::move(task), hours(1));
        seen = result.error().kind;
    };
    group.spawn("child", child(kind));
    co_await base::sleep_for(milliseconds(1));
    group.cancel_all();
    co_await group.wait();
    co_return kind;
}

TEST(RunStoppable, PassesOnTheCancellationOfItsCaller) {
    EXPECT_EQ(tests::run_to_end(kind_when_the_caller_is_cancelled()), ErrorKind::kCancelled);
}

Task<int> sum_of_children() {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    int sum = 0;
    auto child = [](int& total, int value) -> Task<void> {
        co_await base::sleep_for(milliseconds(value));
        total += value;
    };
    for (int i = 1; i <= 4; ++i) group.spawn("child", child(sum, i));
    co_await group.wait();
    co_return sum;
}

TEST(TaskGroup, WaitsForTheLastChild) { EXPECT_EQ(tests::run_to_end(sum_of_children()), 10); }

Task<std::size_t> cancelled_children() {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    auto child = []() -> Task<void> { co_await base::sleep_for(hours(1)); };
    group.spawn("one", child());
    group.spawn("two", child());
    co_await base::sleep_for(milliseconds(1));
    group.cancel_all();
    co_await group.wait();
    co_return group.size();
}

TEST(TaskGroup, CancelsItsChildren) { EXPECT_EQ(tests::run_to_end(cancelled_children()), 0U); }

Task<std::size_t> cancelled_before_the_start() {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    auto child = []() -> Task<void> { co_await base::sleep_for(hours(1)); };
    group.spawn("one", child());
    group.cancel_all();
    co_await group.wait();
    co_return group.size();
}

TEST(TaskGroup, CancelsAChildThatHasNotBegun) {
    EXPECT_EQ(tests::run_to_end(cancelled_before_the_start()), 0U);
}

Task<int> offloaded() {
    std::function<int()> work = [] { return 7; };
    auto value = co_await base::offload<int>(std::move(work));
    co_return value;
}

TEST(Offload, AnswersOnTheCallersThread) { EXPECT_EQ(tests::run_to_end(offloaded()), 7); }

}  // namespace
