#pragma once

#include <sys/types.h>

#include <string>

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

struct Launched {
    /// The leader of a new session and a new process group.
    pid_t pid = -1;
    /// The path of the shell that was found.
    std::string shell;
    /// The pipes' reading ends, non-blocking.
    UniqueFd standard_output;
    UniqueFd standard_error;
    /// The stage's report (protocol.hpp), a file in memory; none when it was not asked for.
    UniqueFd report;
};

/// Starts a stage's shell with the script as its standard input. The script is in memory only
/// (memfd), because it may hold secrets that must not be on a disk. `cgroup_procs` is the
/// cgroup.procs file to join, -1 for none. Throws Failure with the sentence for the job log.
Launched launch_stage(const RunStage& run, int cgroup_procs);

}  // namespace executors::helper
