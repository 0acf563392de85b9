#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "executors/executor_kind.hpp"
#include "executors/session/stage_command.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/journal/outcome.hpp"
#include "runner/journal/progress.hpp"

/// What the end of a stage means for the job (job-runtime.md §1.3, §1.7). Pure.
namespace runner::job {

using StageResult = base::Result<executors::session::StageExit>;

/// The state of the job when the stage ended.
struct Situation {
    journal::Progress progress{};
    base::StopReason stop = base::StopReason::kNone;  ///< requested, not handled yet
    bool stage_begun = false;                         ///< the stage's heading is in the log
    bool restored = false;                            ///< a former daemon began the job
    bool job_is_over = false;                         ///< the job's own limit has passed
    std::optional<int> job_exit_code{};               ///< EnvironmentInfo::job_exit_code
    std::string silence_hint{};  ///< why the supervisor may never have answered, "" when it did
};

/// The decision that follows from a result and a Situation.
struct Verdict {
    journal::Progress progress;               ///< the next one
    std::optional<journal::Failure> failure;  ///< the job's, unless it has one already
    std::vector<std::string> warnings;        ///< for the job's log, in this order
    std::string cleanup_problem;              ///< for the daemon's log only; "" for none
    /// The stop has been handled: it does not stop the stages that follow (after_script, cleanup).
    bool forget_stop = false;
};

/// The settings of the runner and the job that the decisions depend on.
struct JudgeSettings {
    executors::ExecutorTraits executor;
    std::optional<std::chrono::nanoseconds> prepare_timeout{};
    std::optional<std::chrono::nanoseconds> get_sources_timeout{};
    bool ignore_after_script_errors = true;  ///< AFTER_SCRIPT_IGNORE_ERRORS
};

class StageJudge {
  public:
    explicit StageJudge(const JudgeSettings& settings) : settings_(settings) {}

    /// For a stage, or one archive of it, that has ended.
    [[nodiscard]] Verdict stage(const PlannedStage& stage, const StageResult& result,
                                const Situation& now) const;
    /// For a stop that came before the stage began, or that ended it.
    [[nodiscard]] Verdict stopped(const PlannedStage& stage, const Situation& now) const;
    /// The executor's preparation has failed.
    [[nodiscard]] Verdict preparation(const base::Error& error, const Situation& now) const;
    /// The wait for the engine and the builder, before the first step, has failed.
    [[nodiscard]] Verdict readiness(const PlannedStage& stage, const base::Error& error,
                                    const Situation& now) const;

  private:
    [[nodiscard]] Verdict timed_out(const PlannedStage& stage, const Situation& now) const;
    void preparation_timed_out(Verdict& verdict, const Situation& now) const;
    void sources_timed_out(Verdict& verdict, const Situation& now) const;
    [[nodiscard]] Verdict failed(const PlannedStage& stage, journal::Failure failure,
                                 const Situation& now) const;
    [[nodiscard]] journal::Failure script_failure(const PlannedStage& stage,
                                                  const executors::session::StageExit& exit) const;

    JudgeSettings settings_;
};

/// Returns the outcome of a job. `failure`: the first failure of a stage. `job_limit`: the job's
/// time limit. `words`: the signal that a shutdown came from, or why an administrator cancels.
journal::Outcome settle(const journal::Progress& progress,
                        const std::optional<journal::Failure>& failure,
                        std::chrono::seconds job_limit, const std::string& words);

}  // namespace runner::job
