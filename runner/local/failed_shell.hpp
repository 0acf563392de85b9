#pragma once

#include "runner/job/job_run.hpp"

namespace runner::local {

/// Opens a shell for the user where a job has failed: in its container, through the docker client,
/// or in its directory on this machine. It uses the terminal of this process; the call returns when
/// the shell has ended. kNotFound when the job failed before it had a container. Strand: the I/O
/// thread, which is not blocked.
base::Task<base::Result<void>> open_shell(const job::JobRun& run);

}  // namespace runner::local
