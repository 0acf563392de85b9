#pragma once

#include <chrono>
#include <string_view>

#include "executors/executor_observer.hpp"
#include "runner/job/cache_report.hpp"

namespace runner::job {

class JobContext;

/// Hears what happens in running jobs, for the metrics. Calls return at once. Life: it outlives the
/// jobs. Strand: the I/O thread.
class JobObserver {
  public:
    using Duration = std::chrono::microseconds;

    virtual ~JobObserver() = default;
    /// A stage has ended (runner-protocol.md §4.2; "report" and "cleanup" are the job's last).
    virtual void on_stage_end(const JobContext&, std::string_view, Duration) {}
    /// An image was pulled, or could not be.
    virtual void on_pull(const JobContext&, const executors::ImagePull&) {}
    /// The job's inner engine answers, or did not in its time, counted from the environment's
    /// start.
    virtual void on_engine(const JobContext&, bool, Duration) {}
    /// The job's builder was made, or could not be.
    virtual void on_builder(const JobContext&, bool, Duration) {}
    /// A cache was restored or saved, or was not.
    virtual void on_cache(const JobContext&, const CacheTransfer&) {}
};

/// The observer of jobs that nobody observes.
JobObserver& no_observer();

}  // namespace runner::job
