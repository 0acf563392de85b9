#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/job/sources.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// Brings the job's files when git cannot run in its environment: for an image without git, and for
/// sources that no git server has. The daemon brings the trees, the supervisor unpacks them.
///
/// Life: made when the environment is; all that it is given outlives it. Strand: the I/O thread.
class SourceBringer {
  public:
    SourceBringer(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers)
        : context_(context), scripts_(scripts), writers_(writers) {}

    /// Whether the daemon brings the files of this job.
    [[nodiscard]] bool is_needed() const;
    /// The stage get_sources, until `deadline`. The exit is that of the hooks or of git.
    base::Task<StageResult> bring(base::Deadline deadline);

  private:
    [[nodiscard]] std::filesystem::path directory() const;
    std::unique_ptr<Sources> repository_sources(std::string script) const;
    base::Task<StageResult> fetch(Sources& sources, base::Deadline deadline);
    base::Task<base::Result<void>> unpack(Sources& sources, base::Deadline deadline);

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
};

}  // namespace runner::job
