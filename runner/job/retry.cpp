#include "runner/job/retry.hpp"

#include <algorithm>

#include "base/stop_source.hpp"

namespace runner::job {

namespace {

base::Task<base::Result<void>> sleep_through(JobContext& context, std::chrono::seconds pause) {
    auto sleeping = context.setup.sleep(pause);
    const bool slept = co_await std::move(sleeping);
    if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped while waiting");
    co_return base::Result<void>();
}

}  // namespace

std::chrono::seconds retry_pause(bool exponential, int number) {
    const std::chrono::seconds first(exponential ? 5 : 1);
    const std::chrono::seconds longest(exponential ? 300 : 5);
    return std::min(first * (1 << std::clamp(number - 1, 0, 9)), longest);
}

base::Task<base::Result<void>> wait_before_retry(JobContext& context, std::chrono::seconds pause) {
    auto sleeping = sleep_through(context, pause);
    auto slept =
        co_await base::run_stoppable(&context.stop, std::move(sleeping), context.deadline());
    co_return std::move(slept);
}

}  // namespace runner::job
