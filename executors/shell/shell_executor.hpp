#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "executors/executor.hpp"

namespace executors::shell {

struct ShellOptions {
    std::string shell;   ///< "sh" to use sh although bash is installed
    std::string user;    ///< that scripts run as, a name of /etc/passwd; "" for the daemon's own
    std::string helper;  ///< the runner-helper to use, "" for the one that find_helper() finds
};

/// Runs a job's scripts on this machine (job-runtime.md §8).
///
/// The job's supervisor is a background process of the daemon's user with a private directory
/// `supervisor` below the job's state directory; it outlives the daemon. cleanup() ends it and
/// everything it ever started, found by descent, by a control group where the system permits one,
/// and by a variable in their environment when the supervisor itself was killed. A job that was
/// started keeps its user, also when a later daemon has another `user`.
std::unique_ptr<Executor> make_shell_executor(const boost::asio::any_io_executor& executor,
                                              const ShellOptions& options = {});

}  // namespace executors::shell
