#include "executors/helper/reactor.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace executors::helper {

namespace {

epoll_event make_event(int fd, std::uint32_t generation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 =
        (static_cast<std::uint64_t>(generation) << 32) | static_cast<std::uint32_t>(fd);
    return event;
}

}  // namespace

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) fail_errno("make an epoll instance");
}

void Reactor::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> on_event) {
    Watch& watch = watches_[fd];
    watch.generation = next_generation_++;
    watch.on_event = std::move(on_event);
    epoll_event event = make_event(fd, watch.generation, events);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail_errno("watch a descriptor");
}

void Reactor::change(int fd, std::uint32_t events) {
    const auto found = watches_.find(fd);
    if (found == watches_.end()) return;
    epoll_event event = make_event(fd, found->second.generation, events);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Reactor::forget(int fd) {
    if (watches_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Reactor::TimerId Reactor::after(std::int64_t delay_ms, std::function<void()> on_time) {
    const TimerId id = next_timer_++;
    const std::int64_t when = monotonic_ms() + std::max<std::int64_t>(delay_ms, 0);
    timers_.emplace(std::pair(when, id), std::move(on_time));
    timer_times_.emplace(id, when);
    return id;
}

void Reactor::cancel(TimerId id) {
    const auto found = timer_times_.find(id);
    if (found == timer_times_.end()) return;
    timers_.erase(std::pair(found->second, id));
    timer_times_.erase(found);
}

int Reactor::wait_limit() const {
    if (timers_.empty()) return -1;
    const std::int64_t left = timers_.begin()->first.first - monotonic_ms();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

void Reactor::run_timers() {
    const std::int64_t now = monotonic_ms();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
        auto node = timers_.extract(timers_.begin());
        timer_times_.erase(node.key().second);
        node.mapped()();
    }
}

void Reactor::run() {
    running_ = true;
    std::array<epoll_event, 32> events{};
    while (running_) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       wait_limit());
        if (count < 0 && errno != EINTR) fail_errno("wait for events");
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const auto fd = static_cast<int>(event.data.u64 & 0xffff'ffffU);
            const auto found = watches_.find(fd);
            // An earlier callback of this round may have closed the descriptor, and its number may
            // belong to a new one.
            if (found == watches_.end() || found->second.generation != event.data.u64 >> 32)
                continue;
            const auto callback = found->second.on_event;
            callback(event.events);
        }
        run_timers();
        if (after_round_) after_round_();
    }
}

}  // namespace executors::helper
