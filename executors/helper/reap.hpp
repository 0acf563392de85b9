#pragma once

#include <cstdint>
#include <string>

namespace executors::helper {

/// Set in the environment of everything that a background supervisor starts, to its directory; how
/// processes are found whose supervisor was killed.
inline constexpr char kMarkVariable[] = "RUNNER_JOB_MARK";

/// `runner-helper reap`: ends the supervisor of a directory, if one lives, and then every process
/// that it started. Answers 0 when nothing is left, within about `limit_ms`. Throws Failure.
int reap(const std::string& directory, std::int64_t limit_ms);

}  // namespace executors::helper
