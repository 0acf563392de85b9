#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace protocol::http {

/// The time limit of an exchange. When the time is over it closes the guarded socket, so that the
/// operation that waits for the socket fails. Needs a timer only, no coroutine.
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

    /// The function that closes the guarded object; nullptr: nothing is guarded any more.
    void guard(std::function<void()> closer);
    /// The current phase may take this long, but not beyond the end of the whole exchange.
    void allow(std::chrono::nanoseconds limit);
    /// From now on only the end of the whole exchange counts.
    void allow_rest();
    [[nodiscard]] TimePoint end() const;
    /// Whether the time is over: then a failure was caused by the watchdog.
    [[nodiscard]] bool expired() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Guards one object until the end of a scope.
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
