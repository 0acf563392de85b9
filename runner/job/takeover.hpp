#pragma once

#include "base/task_group.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// Notes in the journal that the daemon has survived taking a job up again
/// (Checkpoint::takeovers). A job that kills the daemon does it before.
///
/// Life: start() when the job's environment was found again or made anew, or when only its report
/// is left; end() before it is destroyed. For a job that no former daemon began, start() does
/// nothing. `context` outlives it. Strand: the I/O thread.
class Takeover {
  public:
    explicit Takeover(JobContext& context) : context_(context), group_(context.io) {}

    void start();
    base::Task<void> end();

  private:
    base::Task<void> outlive();

    JobContext& context_;
    base::TaskGroup group_;
};

}  // namespace runner::job
