#pragma once

#include "runner/daemon/daemon.hpp"

namespace runner::commands {

/// Runs the daemon in the foreground until it is told to stop. Answers the exit code; a failure to
/// start has been logged by then.
int run_daemon(daemon::DaemonOptions options);

}  // namespace runner::commands
