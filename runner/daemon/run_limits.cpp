#include "runner/daemon/run_limits.hpp"

#include <utility>

#include "base/log.hpp"

namespace runner::daemon {

RunLimits::RunLimits(const boost::asio::any_io_executor& executor, EndAfter limits,
                     std::function<bool()> is_idle, std::function<void()> end)
    : limits_(limits), is_idle_(std::move(is_idle)), end_(std::move(end)), changed_(executor) {}

void RunLimits::job_started() {
    changed_.notify_all();
    if (++started_ != limits_.jobs) return;
    base::log::info("This was the last job that was asked for", {{"jobs", started_}});
    end_();
}

base::Task<void> RunLimits::watch() {
    if (limits_.idle.count() <= 0) co_return;
    auto idle_since = std::chrono::steady_clock::now();
    while (true) {
        const auto left = idle_since + limits_.idle - std::chrono::steady_clock::now();
        if (left <= left.zero()) break;
        co_await changed_.wait_for(left);
        if (!is_idle_()) idle_since = std::chrono::steady_clock::now();
    }
    base::log::info("No job came for too long", {{"seconds", limits_.idle.count()}});
    end_();
}

}  // namespace runner::daemon
