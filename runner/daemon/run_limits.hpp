#pragma once

#include <chrono>
#include <functional>

#include "base/notifier.hpp"
#include "base/task.hpp"

namespace runner::daemon {

/// After which a daemon ends by itself (`run-single`). 0: never.
struct EndAfter {
    int jobs = 0;                  ///< so many were taken
    std::chrono::seconds idle{0};  ///< no job ran for so long
};

/// Watches an EndAfter. `is_idle` tells whether no job runs; `end` is called once, and may be
/// called within job_started().
///
/// Life: watch() runs until it is cancelled. Strand: the I/O thread.
class RunLimits {
  public:
    RunLimits(const boost::asio::any_io_executor& executor, EndAfter limits,
              std::function<bool()> is_idle, std::function<void()> end);

    void job_started();
    void job_ended() { changed_.notify_all(); }
    base::Task<void> watch();

  private:
    EndAfter limits_;
    std::function<bool()> is_idle_;
    std::function<void()> end_;
    int started_ = 0;
    base::Notifier changed_;
};

}  // namespace runner::daemon
