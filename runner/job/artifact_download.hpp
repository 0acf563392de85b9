#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/job_log.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// Brings the archive of an earlier job into the environment, with all tries (job-runtime.md §7.6).
/// The helper unpacks it beside the archive while it comes; the extract stage puts the files in
/// their places.
///
/// Life: the constructor's arguments outlive it. Strand: the I/O thread. Failures: those of the
/// last try; kCancelled after a stop, kTimeout when the job's time is over.
class ArtifactDownload {
  public:
    /// `log`: for what becomes of the tries.
    ArtifactDownload(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers,
                     executors::JobLog& log)
        : context_(context), scripts_(scripts), writers_(writers), log_(log) {}

    base::Task<base::Result<void>> fetch(const protocol::gitlab::Dependency& dependency);

  private:
    using Dependency = protocol::gitlab::Dependency;

    base::Task<base::Result<void>> fetch_whole(const Dependency& dependency);
    base::Task<base::Result<void>> fetch_once(const Dependency& dependency, bool direct,
                                              bool& may_retry);
    [[nodiscard]] unsigned unpacking_cores() const;

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
    executors::JobLog& log_;
};

}  // namespace runner::job
