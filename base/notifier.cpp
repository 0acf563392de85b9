#include "base/notifier.hpp"

#include <list>

#include "base/stop_source.hpp"

namespace base {

Notifier::Notifier(const boost::asio::any_io_executor& executor)
    : timer_(executor, std::chrono::steady_clock::time_point::max()) {}

void Notifier::notify_all() { timer_.cancel(); }

Task<void> Notifier::wait() {
    auto [code] = co_await timer_.async_wait(use_tuple);
    static_cast<void>(code);  // notify_all() cancels the wait
}

namespace {
/// wait() returns when it was cancelled, too; the limit cancels.
Task<Result<void>> wait_result(Notifier& notifier) {
    co_await notifier.wait();
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none)
        co_return make_error(ErrorKind::kCancelled, "not notified");
    co_return Result<void>();
}
}  // namespace

Task<bool> Notifier::wait_for(std::chrono::nanoseconds limit) {
    auto waiting = wait_result(*this);
    auto result = co_await with_deadline(std::move(waiting), limit);
    co_return result.has_value();
}

Task<bool> sleep_for(std::chrono::nanoseconds delay) {
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor);
    timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    auto [code] = co_await timer.async_wait(use_tuple);
    co_return !code;
}

}  // namespace base
