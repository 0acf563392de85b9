#include "runner/job/log_storage.hpp"

#include <chrono>
#include <utility>

namespace runner::job {

namespace {

/// Nothing tells when a disk has room again.
constexpr std::chrono::milliseconds kPause{200};
constexpr std::chrono::minutes kLimit{10};

}  // namespace

bool LogStorage::store() {
    const auto flushed = trace_.flush();
    const bool waits = trace_.spool().held_back() > 0;
    if (flushed && std::exchange(waits_, false)) {
        daemon_log_.info("The job's log is stored again");
    } else if (waits && !std::exchange(waits_, true)) {
        daemon_log_.error(
            "The disk has no room for the job's log: the script waits until there is some",
            {{"error", flushed.error().message}});
    } else if (!flushed && !waits && !std::exchange(lost_, true)) {
        daemon_log_.error("The job's log cannot be stored; it will be incomplete",
                          {{"error", flushed.error().message}});
    }
    return !waits;
}

base::Task<void> LogStorage::wait_for_room() {
    const auto until = std::chrono::steady_clock::now() + kLimit;
    while (!has_room() && std::chrono::steady_clock::now() < until) {
        const bool slept = co_await base::sleep_for(kPause);
        if (!slept) co_return;
    }
}

}  // namespace runner::job
