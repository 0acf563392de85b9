#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// The supervisor's event loop: file descriptors and timers, one thread. A callback may watch,
/// change and forget any descriptor, also its own.
class Reactor {
  public:
    /// 0 is no timer.
    using TimerId = std::uint64_t;

    Reactor();
    void watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> on_event);
    void change(int fd, std::uint32_t events);
    /// Call it before the descriptor is closed.
    void forget(int fd);
    /// Calls `on_time` once.
    TimerId after(std::int64_t delay_ms, std::function<void()> on_time);
    void cancel(TimerId id);
    /// Called once after each round of callbacks.
    void set_after_round(std::function<void()> callback) { after_round_ = std::move(callback); }
    /// Returns after stop().
    void run();
    void stop() { running_ = false; }

  private:
    struct Watch {
        std::uint32_t generation = 0;
        std::function<void(std::uint32_t)> on_event;
    };
    [[nodiscard]] int wait_limit() const;
    void run_timers();

    UniqueFd epoll_;
    bool running_ = false;
    std::uint32_t next_generation_ = 1;
    TimerId next_timer_ = 1;
    std::unordered_map<int, Watch> watches_;
    std::map<std::pair<std::int64_t, TimerId>, std::function<void()>> timers_;
    std::unordered_map<TimerId, std::int64_t> timer_times_;
    std::function<void()> after_round_;
};

}  // namespace executors::helper
