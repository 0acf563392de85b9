#pragma once

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Answers a connection that asks for a terminal (protocol.hpp, "terminal"), in a new process: a
/// shell with a terminal of its own, for people. The end of the connection hangs the terminal up.
/// The processes are the supervisor's descendants, so they end with the job. Throws Failure when
/// there can be no process. `cgroup_procs`: as for launch_stage().
void serve_terminal(UniqueFd socket, const OpenTerminal& command, int cgroup_procs);

}  // namespace executors::helper
