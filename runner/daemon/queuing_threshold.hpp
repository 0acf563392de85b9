#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/config/queuing_duration.hpp"

namespace runner::daemon {

/// Whether a job waited too long. The last entry whose periods hold at the moment decides; none:
/// false. Entries were checked when the configuration was read. Pure but for the time zones.
bool queuing_exceeded(const std::vector<config::QueuingDuration>& durations, double waited_seconds,
                      const std::string& jobs_running_for_project, std::int64_t unix_seconds);

}  // namespace runner::daemon
