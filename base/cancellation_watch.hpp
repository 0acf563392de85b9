#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <utility>

namespace base {

/// Calls a handler when the coroutine is cancelled, while the coroutine awaits an operation that
/// has a cancellation slot of its own and would not notice.
///
/// Life: made from `co_await boost::asio::this_coro::cancellation_state` directly before that
/// await, destroyed after it. The handler must not refer to what the coroutine may destroy before.
/// Strand: that of the coroutine.
class CancellationWatch {
  public:
    template <typename Handler>
    CancellationWatch(const boost::asio::cancellation_state& state, Handler handler)
        : slot_(state.slot()) {
        if (slot_.is_connected()) slot_.assign(std::move(handler));
    }
    ~CancellationWatch() {
        if (slot_.is_connected()) slot_.clear();
    }
    CancellationWatch(const CancellationWatch&) = delete;
    CancellationWatch& operator=(const CancellationWatch&) = delete;

  private:
    boost::asio::cancellation_slot slot_;
};

}  // namespace base
