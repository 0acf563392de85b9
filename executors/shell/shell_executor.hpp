#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "executors/executor.hpp"

namespace executors::shell {

/// Runs a job's scripts on this machine, as the daemon's own user (job-runtime.md §8).
///
/// The job's supervisor is a background process with a private directory `supervisor` below the
/// job's state directory; it outlives the daemon. cleanup() ends it and everything it ever started,
/// found by descent, by a control group where the system permits one, and by a variable in their
/// environment when the supervisor itself was killed. `helper_path` is the runner-helper to use, ""
/// for the one that find_helper() finds. `shell`: "sh" to use sh although bash is installed.
std::unique_ptr<Executor> make_shell_executor(const boost::asio::any_io_executor& executor,
                                              const std::string& shell = {},
                                              std::string helper_path = {});

}  // namespace executors::shell
