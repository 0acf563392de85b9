#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "executors/helper/posix.hpp"

/// The report of a stage: lines that the runner's own programs in it write for the daemon
/// (protocol.hpp, kReportVariable). It is a file in memory that the stage's processes inherit, so
/// nothing of it is on a disk. What a line says is up to the program and its reader:
///
///     ACTION NUMBER RESULT BYTES
///     clone HOW MILLISECONDS BYTES
///
/// The first is about a cache: cache-restore or cache-save, the value of kCacheNumberVariable, a
/// word and a size. The second is about the first fetch of a new repository (git_seed.hpp).
namespace executors::helper {

/// The variable with the number of the cache in the payload, which the scripts set.
inline constexpr char kCacheNumberVariable[] = "RUNNER_CACHE_NUMBER";

/// An empty report; none when there is no descriptor left for it, because a job does not need it.
UniqueFd make_report();
/// The entry of an environment that names the descriptor.
std::string report_variable(int fd);
/// The first kReportBytes of a report; "" without one (-1).
std::string read_report(int fd);

/// Adds a line to the report of this process's stage, when it has one.
void report_line(const std::string& line);
/// Adds a line about a cache to the report of this process's stage, when it has one.
void report_cache(std::string_view action, std::string_view result, std::uint64_t bytes);

}  // namespace executors::helper
