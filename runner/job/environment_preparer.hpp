#pragma once

#include <utility>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/spec.hpp"
#include "runner/job/driver_job.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// Makes the job's environment through the executor, or finds it again after a restart of the
/// daemon.
///
/// Life: one prepare() or restore(). `context` outlives it. Strand: the I/O thread.
class EnvironmentPreparer {
  public:
    EnvironmentPreparer(JobContext& context, executors::JobEnvironment environment)
        : context_(context), driver_job_(context), environment_(std::move(environment)) {
        environment_.driver_job = &driver_job_;
    }
    EnvironmentPreparer(const EnvironmentPreparer&) = delete;
    EnvironmentPreparer& operator=(const EnvironmentPreparer&) = delete;

    /// Makes the environment in the log's section "prepare_executor". Tries several times, with a
    /// cleanup after each failed try. After a timeout or a stop there is no cleanup, because the
    /// job ends and cleans up itself. Failures: kTimeout (prepare_timeout or the job's time limit
    /// is over), kCancelled (the job was stopped), else the failure of the last try.
    base::Task<base::Result<void>> prepare();
    /// Finds the environment again after a restart of the daemon. kNotFound when it no longer
    /// exists.
    base::Task<base::Result<void>> restore();

  private:
    void log_images() const;
    base::Task<base::Result<void>> try_several_times();
    base::Task<base::Result<void>> try_once();
    base::Task<void> remove_remains();

    JobContext& context_;
    PayloadDriverJob driver_job_;
    executors::JobEnvironment environment_;
};

}  // namespace runner::job
