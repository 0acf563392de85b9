#pragma once

#include <cstdint>
#include <string>

namespace executors::helper {

/// A background supervisor sets this variable, to its directory, for every process that it starts.
/// reap() finds the processes of a supervisor that was killed by it.
inline constexpr char kMarkVariable[] = "RUNNER_JOB_MARK";

/// Leaves a file in the supervisor's directory for reap(): "pid", or "cgroup" with its path.
void leave_note(int directory, const char* name, const std::string& text);

/// `runner-helper reap`: ends the supervisor of a directory, if one is alive, and then every
/// process that it started. Returns 0 when no process is left, 1 when some are after about
/// `limit_ms`. Throws Failure.
int reap(const std::string& directory, std::int64_t limit_ms);

}  // namespace executors::helper
