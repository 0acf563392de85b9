#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/job/artifact_transfer.hpp"
#include "runner/job/cache_steps.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/job_interaction.hpp"
#include "runner/job/readiness_gate.hpp"
#include "runner/job/script_runner.hpp"
#include "runner/job/source_bringer.hpp"
#include "runner/job/stage_judge.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

enum class StagesEnd {
    kAll,              ///< every stage has had its turn
    kEnvironmentLost,  ///< the stage of the checkpoint is to be run again in a new environment
};

/// Runs the stages of a job in a prepared environment, starting with the stage that the checkpoint
/// names.
///
/// Life: made after the environment. Call run() once, and spawn readiness().run() beside it. The
/// constructor's arguments outlive it. Strand: the I/O thread. The outcome is in the checkpoint.
class StageRunner {
  public:
    StageRunner(JobContext& context, executors::session::Session& session,
                JobInteraction& interaction, const std::vector<PlannedStage>& plan,
                const StageJudge& judge);

    /// A stage whose environment is gone ends the run, and does not fail, as often as
    /// EXECUTOR_JOB_SECTION_ATTEMPTS allows for each stage.
    base::Task<StagesEnd> run();
    [[nodiscard]] ReadinessGate& readiness() { return gate_; }

  private:
    base::Task<void> run_stage(const PlannedStage& stage);
    base::Task<bool> begin_steps(const PlannedStage& stage);
    bool leaves_to_renewal(const PlannedStage& stage, const base::Error& error);
    base::Task<StageResult> run_with_retries(const PlannedStage& stage);
    base::Task<StageResult> run_here(const PlannedStage& stage);
    base::Task<StageResult> attempt(const PlannedStage& stage);
    void write_heading(const PlannedStage& stage);
    base::Task<StageResult> run_script(const PlannedStage& stage);
    base::Task<StageResult> run_cache(const PlannedStage& stage);
    base::Task<void> clear_worktree();
    base::Result<std::string> script_of(const PlannedStage& stage);
    base::Deadline deadline_of(const PlannedStage& stage);
    void judge(const PlannedStage& stage, const StageResult& result);

    JobContext& context_;
    JobInteraction& interaction_;
    const std::vector<PlannedStage>& plan_;
    const StageJudge& judge_;
    script::JobScripts writers_;
    ScriptRunner scripts_;
    ReadinessGate gate_;
    SourceBringer sources_;
    ArtifactTransfer artifacts_;
    CacheSteps cache_steps_;
    script::CacheLinks cache_links_;  ///< for the next script
    bool environment_lost_ = false;
};

}  // namespace runner::job
