#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/task.hpp"
#include "base/task_group.hpp"
#include "executors/session/session.hpp"
#include "executors/spec.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/job_events.hpp"
#include "runner/job/job_interaction.hpp"
#include "runner/job/stage_judge.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/job/stage_runner.hpp"

namespace runner::job {

/// The stages of a job together with the session of the environment in which they run. When the
/// environment is gone, it has a new one made, as often for each stage as
/// EXECUTOR_JOB_SECTION_ATTEMPTS allows, and goes on with the stage that was interrupted
/// (job-runtime.md §1.3).
///
/// Life: made when the environment is; run() once, then end(). The constructor's arguments outlive
/// it. Strand: the I/O thread. The outcome is in the checkpoint.
class EnvironmentStages {
  public:
    EnvironmentStages(JobContext& context, JobEvents& events, JobInteraction& interaction,
                      const std::vector<PlannedStage>& plan, const StageJudge& judge);

    /// `environment` is what the executor was given for its preparation.
    base::Task<void> run(const executors::JobEnvironment& environment);
    [[nodiscard]] executors::session::Session& session() { return *session_; }
    /// Waits for what goes on beside the stages. Call session().close() first.
    base::Task<void> end() { co_await group_.wait(); }

  private:
    void begin(std::uint64_t events_offset);
    base::Task<bool> renew(const executors::JobEnvironment& environment);

    JobContext& context_;
    JobEvents& events_;
    JobInteraction& interaction_;
    const std::vector<PlannedStage>& plan_;
    const StageJudge& judge_;
    std::unique_ptr<executors::session::Session> session_;
    std::unique_ptr<StageRunner> stages_;
    base::TaskGroup group_;
};

}  // namespace runner::job
