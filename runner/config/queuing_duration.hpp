#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace runner::config {

/// One [[runners.monitoring.job_queuing_durations]]: how long a job may wait for the runner at
/// certain times.
struct QueuingDuration {
    std::vector<std::string> periods;  ///< cron expressions; the times at which this one counts
    std::string timezone;              ///< of `periods`, see base::local_time()
    std::chrono::nanoseconds threshold{};
    /// A regular expression on the number of the project's running jobs, as the server sends it
    /// ("0", "Inf+"); "" for all.
    std::string jobs_running_for_project;
};

}  // namespace runner::config
