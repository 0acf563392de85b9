#include "executors/docker/run_uncancelled.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tests/support/run_to_end.hpp"

namespace executors::docker {
namespace {

using base::Result;
using base::Task;
using std::chrono::hours;
using std::chrono::milliseconds;

enum class End { kNone, kDone, kCancelled };

Task<Result<void>> create(milliseconds duration, End& end) {
    auto slept = co_await base::sleep_for(duration);
    end = slept ? End::kDone : End::kCancelled;
    if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "create");
    co_return Result<void>();
}

/// Cancels the caller of run_uncancelled() while the creation runs. Answers how the creation ended.
Task<End> end_after_a_cancellation(milliseconds duration, milliseconds grace) {
    auto executor = co_await boost::asio::this_coro::executor;
    base::TaskGroup group(executor);
    End end = End::kNone;
    auto caller = [](milliseconds d, milliseconds g, End& e) -> Task<void> {
        auto creation = create(d, e);
        auto result = co_await run_uncancelled(std::move(creation), g);
        static_cast<void>(result);
    };
    group.spawn("caller", caller(duration, grace, end));
    co_await base::sleep_for(milliseconds(1));
    group.cancel_all();
    co_await group.wait();
    co_return end;
}

TEST(RunUncancelled, FinishesWhatWasBegun) {
    EXPECT_EQ(tests::run_to_end(end_after_a_cancellation(milliseconds(20), hours(1))), End::kDone);
}

TEST(RunUncancelled, EndsACreationThatIsNotAnsweredWithinTheGrace) {
    EXPECT_EQ(tests::run_to_end(end_after_a_cancellation(hours(1), milliseconds(5))),
              End::kCancelled);
}

TEST(RunUncancelled, HasNoLimitWhileTheCallerIsNotCancelled) {
    End end = End::kNone;
    auto creation = create(milliseconds(20), end);
    const auto result = tests::run_to_end(run_uncancelled(std::move(creation), milliseconds(1)));
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(end, End::kDone);
}

}  // namespace
}  // namespace executors::docker
