#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task_group.hpp"
#include "runner/job/environment_stages.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/job_events.hpp"
#include "runner/job/job_interaction.hpp"
#include "runner/job/stage_judge.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/job/takeover.hpp"

namespace runner::job {

/// Carries one job from the payload to the final report and the last removed container.
///
/// Life: run() once, to its end; stop() at any time before. Strand: the I/O thread. The coroutine
/// is never cancelled itself: stop() ends the operation it awaits, so report and cleanup always get
/// their turn. They do after an exception as well, which makes the job a system failure.
class JobRun final {
  public:
    JobRun(const boost::asio::any_io_executor& io, JobSetup setup);

    /// Fails when the server could not be told because of an exception; the job has ended then,
    /// too.
    base::Task<base::Result<void>> run();
    /// `words` are for the job's log: the signal of a shutdown, or why an administrator cancels.
    /// False when it is too late for this stop (can_stop()).
    bool stop(base::StopReason reason, std::string_view words = {});
    /// Writes the checkpoint now.
    void save() { context_.checkpoints.save(); }
    [[nodiscard]] const status::JobState& status() const { return context_.status; }
    [[nodiscard]] const journal::Outcome& outcome() const {
        return context_.checkpoints.state().outcome;
    }
    /// The job's payload, variables and directories, for the code that shows running jobs.
    [[nodiscard]] const JobContext& context() const { return context_; }

  private:
    base::Task<void> start();
    base::Task<void> execute();
    bool begin();
    base::Task<bool> obtain_environment();
    base::Task<bool> wait_for_start();
    void end_log();
    base::Task<void> report();
    base::Task<void> clean_up();
    base::Task<void> halt();

    JobContext context_;
    const std::vector<PlannedStage> plan_;
    JobEvents events_;
    JobInteraction interaction_;
    executors::JobEnvironment environment_;
    std::string stop_words_;
    Takeover takeover_;
    std::optional<StageJudge> judge_;          ///< once the job's settings were checked
    std::optional<EnvironmentStages> stages_;  ///< once there is an environment
    base::TaskGroup group_;
};

}  // namespace runner::job
