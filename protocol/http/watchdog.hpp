#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace protocol::http {

/// Ends what a coroutine waits for when its time is over, without a coroutine of its own: the timer
/// closes the socket, and the waiting operation fails.
///
/// Life: one per exchange. Strand: the I/O thread.
class Watchdog {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `end`: of the whole exchange; TimePoint::max() for none.
    Watchdog(const boost::asio::any_io_executor& executor, TimePoint end);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// What to close; nullptr for nothing any more.
    void guard(std::function<void()> closer);
    /// The current phase may take so long, but never beyond the end of the whole.
    void allow(std::chrono::nanoseconds limit);
    /// Only the end of the whole counts from here.
    void allow_rest();
    [[nodiscard]] TimePoint end() const;
    /// Time is over: what failed did so because of us.
    [[nodiscard]] bool expired() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Guards one thing for as long as a scope lasts.
class Guard {
  public:
    Guard(Watchdog& watchdog, std::function<void()> closer) : watchdog_(watchdog) {
        watchdog_.guard(std::move(closer));
    }
    ~Guard() { watchdog_.guard(nullptr); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

  private:
    Watchdog& watchdog_;
};

}  // namespace protocol::http
