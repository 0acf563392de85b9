#pragma once

#include "runner/daemon/daemon.hpp"

namespace runner::commands {

/// The daemon in the foreground until it is told to stop. Answers the exit code; a failure to start
/// was said.
int run(daemon::DaemonOptions options);

}  // namespace runner::commands
