#pragma once

#include "runner/job/job_run.hpp"

namespace runner::local {

/// A shell for a person where a job has failed: in its container through the docker client, or in
/// its directory on this machine. Uses the process's own terminal; returns when the shell has
/// ended. Strand: the I/O thread, which goes on meanwhile.
base::Task<base::Result<void>> open_shell(const job::JobRun& run);

}  // namespace runner::local
