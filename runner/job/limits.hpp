#pragma once

#include <chrono>

/// Time limits that several parts of a job share.
namespace runner::job {

/// From TERM to KILL when a script is to end.
inline constexpr std::chrono::seconds kGrace{10};
/// Of one removal of a job's environment.
inline constexpr std::chrono::minutes kCleanupLimit{5};

}  // namespace runner::job
