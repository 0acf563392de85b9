#pragma once

#include <chrono>

/// Time limits that several parts of a job share.
namespace runner::job {

/// The time from SIGTERM to SIGKILL when a script is stopped.
inline constexpr std::chrono::seconds kGrace{10};
/// The time limit for one removal of a job's environment.
inline constexpr std::chrono::minutes kCleanupLimit{5};

}  // namespace runner::job
