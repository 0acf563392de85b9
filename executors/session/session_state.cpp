#include "executors/session/session_state.hpp"

#include <boost/asio/this_coro.hpp>

namespace executors::session {

using base::ErrorKind;

void SessionState::fail(base::Error error) {
    if (!is_over()) failure_ = std::move(error);
    changed_.notify_all();
}

void SessionState::end() {
    if (!is_over()) ended_ = true;
    changed_.notify_all();
}

base::Task<base::Result<void>> SessionState::wait_change() {
    if (failure_) co_return *failure_;
    if (ended_) {
        co_return base::make_error(ErrorKind::kUnavailable, "the job's supervisor has ended");
    }
    co_await changed_.wait();
    auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        co_return base::make_error(ErrorKind::kCancelled, "no longer waited for");
    }
    co_return base::Result<void>();
}

}  // namespace executors::session
