#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// Brings artifacts of earlier jobs into the environment and the job's own out of it: the
/// supervisor packs and unpacks, the channel sends and fetches, and the bytes pass through here
/// without being kept (job-runtime.md §7).
///
/// Life: made when the environment is; all that it is given outlives it. Strand: the I/O thread.
/// Restart: Checkpoint::part says which archive is under way.
class ArtifactTransfer {
  public:
    ArtifactTransfer(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers)
        : context_(context), scripts_(scripts), writers_(writers) {}

    /// The stage download_artifacts: ends at the first archive that cannot be had.
    base::Task<StageResult> download();
    /// An upload stage: every archive is tried. `on_part` hears of each that was, before the
    /// checkpoint is saved.
    base::Task<StageResult> upload(const PlannedStage& stage,
                                   std::function<void(const StageResult&)> on_part);

  private:
    using Dependency = protocol::gitlab::Dependency;
    using Artifact = protocol::gitlab::Artifact;

    base::Task<base::Result<void>> fetch(const Dependency& dependency);
    base::Task<base::Result<void>> fetch_once(const Dependency& dependency, bool direct);
    base::Task<base::Result<void>> extract(const Dependency& dependency);
    base::Task<base::Result<void>> pack_and_send(const Artifact& artifact, std::size_t index);
    base::Task<base::Result<void>> send_within_limit(const Artifact& artifact, std::string path);
    base::Task<base::Result<void>> send_package(const Artifact& artifact, std::string path);
    StageResult failed(const std::string& what, const base::Error& error);

    JobContext& context_;
    ScriptRunner& scripts_;
    const script::JobScripts& writers_;
};

}  // namespace runner::job
