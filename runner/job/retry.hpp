#pragma once

#include <chrono>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// The pause before a retry of a stage or a download: doubles from retry to retry. `number` counts
/// from 1; `exponential`: FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY.
std::chrono::seconds retry_pause(bool exponential, int number);

/// Sleeps. kCancelled when the job is stopped, kTimeout when its time is over first.
base::Task<base::Result<void>> wait_before_retry(JobContext& context, std::chrono::seconds pause);

}  // namespace runner::job
