#pragma once

#include "runner/daemon/daemon.hpp"

namespace runner::commands {

/// `runner run`: the daemon in the foreground until it is told to stop. Answers the exit code. The log is
/// configured already; a failure to start is said there.
int run(daemon::DaemonOptions options);

}  // namespace runner::commands
