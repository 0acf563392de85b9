#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/stop_source.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/progress.hpp"

/// Which stage comes next, given what happened so far (job-runtime.md §1.2, §1.3). Pure.
namespace runner::job {

enum class StageKind {
    kPrepareScript,
    kGetSources,
    kRestoreCache,
    kDownloadArtifacts,
    kStep,
    kAfterScript,
    kArchiveCache,     ///< twice in the plan, for a job that went well and for one that did not
    kUploadArtifacts,  ///< the same
    kCleanup
};

struct PlannedStage {
    StageKind kind = StageKind::kStep;
    std::string name;        ///< stage id, section name and metric label: "step_script"
    std::string heading;     ///< the bold line that opens the stage in the log
    std::size_t step = 0;    ///< index into the payload's steps, for kStep and kAfterScript
    bool on_success = true;  ///< kArchiveCache, kUploadArtifacts: which outcome it is for
};

/// The job's stages in their order; those with nothing to do are left out.
std::vector<PlannedStage> plan_stages(const protocol::gitlab::JobPayload& payload);

bool should_run(const PlannedStage& stage, const journal::Progress& progress);

/// Whether a request to stop still has an effect. It has none when the outcome is decided. A
/// graceful cancel ends the script once; it does not stop the stages after the script.
bool can_stop(const journal::Checkpoint& checkpoint, const std::vector<PlannedStage>& plan,
              base::StopReason reason);

}  // namespace runner::job
