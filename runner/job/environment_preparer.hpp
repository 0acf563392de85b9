#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/spec.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// Makes the job's environment with the executor's help, or finds it again.
///
/// Life: one prepare() or restore(). `context` and `environment` outlive it. Strand: the I/O
/// thread.
class EnvironmentPreparer {
  public:
    EnvironmentPreparer(JobContext& context, const executors::JobEnvironment& environment)
        : context_(context), environment_(environment) {}

    /// The log's section "prepare_executor": several tries, with a cleanup behind each that failed.
    /// Failures: kTimeout (prepare_timeout or the job's limit has passed), kCancelled (the job was
    /// stopped), else that of the last try.
    base::Task<base::Result<void>> prepare();
    /// After a restart of the daemon. kNotFound when the environment is gone.
    base::Task<base::Result<void>> restore();

  private:
    base::Task<base::Result<void>> try_several_times();
    base::Task<base::Result<void>> try_once();
    base::Task<void> remove_remains();

    JobContext& context_;
    const executors::JobEnvironment& environment_;
};

}  // namespace runner::job
