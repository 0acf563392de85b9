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

class DependencyDownloads;

/// Downloads the artifacts of earlier jobs into the environment and uploads the job's own
/// artifacts. The supervisor packs and unpacks the archives, the channel sends and fetches them.
/// The bytes are streamed; the daemon does not store them (job-runtime.md §7).
///
/// Life: made after the environment; the constructor's arguments outlive it. Strand: the I/O
/// thread. Restart: Checkpoint::part is the index of the archive to continue with. Failures: a
/// failed transfer is written to the job's log and is a StageExit with code 1; an error is returned
/// after a stop or when the job's time is over.
class ArtifactTransfer {
  public:
    ArtifactTransfer(JobContext& context, ScriptRunner& scripts, const script::JobScripts& writers)
        : context_(context), scripts_(scripts), writers_(writers) {}

    /// Runs the stage download_artifacts. Ends at the first archive that cannot be downloaded or
    /// unpacked.
    base::Task<StageResult> download();
    /// Runs an upload stage. Tries every archive. Calls `on_part` with the result so far after each
    /// archive, before the checkpoint is saved.
    base::Task<StageResult> upload(const PlannedStage& stage,
                                   std::function<void(const StageResult&)> on_part);

  private:
    using Dependency = protocol::gitlab::Dependency;
    using Artifact = protocol::gitlab::Artifact;

    base::Task<StageResult> bring_all(DependencyDownloads& downloads);
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
