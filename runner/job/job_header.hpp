#pragma once

#include "runner/job/job_context.hpp"

namespace runner::job {

/// Writes the first lines of the job's log: the runner, its feature flags, and what is wrong with
/// the job's settings (job-runtime.md §3.3). Once per job, also over restarts of the daemon.
void write_header(JobContext& context);

}  // namespace runner::job
