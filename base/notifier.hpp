#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "base/task.hpp"

namespace base {

/// A condition variable for coroutines on one thread: a notification says that something changed.
/// A waiter checks its own condition before and after wait(); notifications are not counted.
class Notifier {
  public:
    explicit Notifier(const boost::asio::any_io_executor& executor);
    /// Wakes every coroutine that waits now.
    void notify_all();
    /// Answers true when notified, false when `limit` passed first or the wait was cancelled.
    Task<bool> wait_for(std::chrono::nanoseconds limit);
    /// Returns when notified or cancelled.
    Task<void> wait();

  private:
    boost::asio::steady_timer timer_;
};

}  // namespace base
