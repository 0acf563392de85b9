#pragma once

#include <string>
#include <vector>

namespace executors::helper {

/// Measures, for `runner doctor`, what the place is like in which it runs: the host, a job's
/// container, a container of an inner engine, a step of a build. What is measured is judged by
/// the caller (runner/doctor). Each probe prints one line: kProbeMark and a JSON object, which has
/// `probe` (the name) and `place` (what --place says) beside what is written here.
///
///     connect --host H --port N   addresses, address, device, packet, passes (network_path.hpp);
///                                 or error, with failed_at "resolve" or "connect"
///     disk PATH...                disks: path, total_bytes, free_bytes, total_inodes, free_inodes;
///                                 or error
///     cgroups                     version (0: none is mounted), writable, controllers
///     rights                      administrator (CAP_SYS_ADMIN)
///     platforms                   platforms: name, runs; those that are registered or run
///     command --name NAME [--limit-s N] -- PROGRAM ...
///                                 name, exit_code (124: the limit has passed), output (its end)
///     archive                     no line: a tar of this program itself, for `docker import`
int run_probe(const std::vector<std::string>& words);

/// What the lines begin with. In the output of a build, something stands before it.
inline constexpr const char* kProbeMark = "runner-probe ";

}  // namespace executors::helper
