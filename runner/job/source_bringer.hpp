#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/job/sources.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// Puts the job's files into its environment when they do not come from a git server: the daemon
/// makes tars of the files of this machine, the supervisor unpacks them.
///
/// Life: made after the environment; the constructor's arguments outlive it. Strand: the I/O
/// thread.
class SourceBringer {
  public:
    SourceBringer(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers)
        : context_(context), scripts_(scripts), writers_(writers) {}

    /// Whether the daemon brings the files of this job.
    [[nodiscard]] bool is_needed() const;
    /// Runs the stage get_sources until `deadline`. Returns the exit of the last script.
    base::Task<StageResult> bring(base::Deadline deadline);

  private:
    base::Task<StageResult> fetch(Sources& sources, base::Deadline deadline);
    base::Task<base::Result<void>> unpack(Sources& sources, base::Deadline deadline);

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
};

}  // namespace runner::job
