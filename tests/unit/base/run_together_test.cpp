#include "base/run_together.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "tests/support/run_to_end.hpp"

namespace base {
namespace {

class RunTogether : public testing::Test {
  protected:
    Task<Result<void>> good(std::string name) {
        seen_ += name;
        co_return Result<void>();
    }
    Task<Result<void>> bad(std::string name) {
        seen_ += name;
        co_return make_error(ErrorKind::kIo, name);
    }
    Task<Result<void>> throwing() {
        seen_ += "t";
        if (!seen_.empty()) throw std::runtime_error("thrown");
        co_return Result<void>();
    }
    /// Ends when it is cancelled, and notes that.
    Task<Result<void>> waiting() {
        ++begun_;
        const bool slept = co_await sleep_for(std::chrono::hours(1));
        ++(slept ? begun_ : cancelled_);
        co_return make_error(ErrorKind::kCancelled, "stopped");
    }
    Task<Result<void>> stopping() {
        auto executor = co_await boost::asio::this_coro::executor;
        co_await boost::asio::post(executor, boost::asio::use_awaitable);
        stop_.request(StopReason::kAbort);
        co_return Result<void>();
    }
    template <typename... Tasks>
    Task<Result<void>> together(Tasks... tasks) {
        std::vector<Task<Result<void>>> all;
        (all.push_back(std::move(tasks)), ...);
        return run_together(std::move(all));
    }

    boost::asio::io_context context_{1};
    StopSource stop_;
    std::string seen_;
    int begun_ = 0;
    int cancelled_ = 0;
};

TEST_F(RunTogether, EndsWhenAllHaveEnded) {
    EXPECT_TRUE(tests::run_to_end(context_, together(good("a"), good("b"), good("c"))));
    EXPECT_EQ(seen_, "abc");
    EXPECT_TRUE(tests::run_to_end(context_, together()));
}

TEST_F(RunTogether, AnswersTheFirstFailureAndCancelsTheOthers) {
    const auto done =
        tests::run_to_end(context_, together(waiting(), bad("b"), waiting(), bad("c")));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "b");
    EXPECT_EQ(begun_, cancelled_);
}

TEST_F(RunTogether, EveryTaskOfACleanUpIsRunAlsoBehindAFailure) {
    std::vector<Task<Result<void>>> all;
    all.push_back(bad("a"));
    all.push_back(good("b"));
    const auto done = tests::run_to_end(context_, run_every(std::move(all)));
    EXPECT_EQ(seen_, "ab");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "a");
}

TEST_F(RunTogether, TakesAnExceptionForAFailure) {
    const auto done = tests::run_to_end(context_, together(waiting(), throwing()));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().is(ErrorKind::kInternal));
    EXPECT_EQ(cancelled_, 1);
}

TEST_F(RunTogether, PassesACancellationOnAndWaitsForTheTasks) {
    std::optional<Result<void>> done;
    auto running = run_stoppable(&stop_, together(waiting(), waiting()), std::nullopt);
    boost::asio::co_spawn(
        context_, std::move(running),
        [&](const std::exception_ptr&, Result<void> result) { done = std::move(result); });
    context_.poll();
    EXPECT_EQ(begun_, 2);
    EXPECT_FALSE(done);
    stop_.request(StopReason::kAbort);
    context_.restart();
    context_.poll();
    EXPECT_EQ(cancelled_, 2);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->error().is(ErrorKind::kCancelled));
}

TEST_F(RunTogether, WaitsForTheTasksWhenOneOfThemCancelsTheCaller) {
    auto running = run_stoppable(&stop_, together(waiting(), stopping(), waiting()), std::nullopt);
    const auto done = tests::run_to_end(context_, std::move(running));
    EXPECT_TRUE(done.error().is(ErrorKind::kCancelled));
    EXPECT_EQ(begun_, cancelled_);
}

}  // namespace
}  // namespace base
