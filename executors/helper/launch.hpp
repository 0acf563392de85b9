#pragma once

#include <sys/types.h>

#include <string>

#include "executors/helper/commands.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

struct Launched {
    pid_t pid = -1;  ///< leader of a session and a process group of its own
    std::string shell;
    Fd standard_output;  ///< non-blocking
    Fd standard_error;
};

/// Starts a stage's shell with the script as its standard input. The script lies in memory only
/// (memfd): it holds secrets, and no disk sees it. `cgroup_procs` is a file to join, -1 for none.
/// Throws Failure with the sentence for the job log.
Launched launch_stage(const RunStage& run, int cgroup_procs);

}  // namespace executors::helper
