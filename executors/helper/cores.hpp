#pragma once

#include <string_view>

namespace executors::helper {

/// The cores that this process may use at once, at least 1: its affinity, and the quota of its
/// control group (cgroup v2).
unsigned usable_cores();

/// The same, but not more than the number in the environment's `variable`, where it has one of at
/// least 1.
unsigned usable_cores(const char* variable);

/// The whole cores of a `cpu.max` ("150000 100000" → 2); 0 for no limit. Pure.
unsigned cores_of_quota(std::string_view cpu_max);

}  // namespace executors::helper
