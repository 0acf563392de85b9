#pragma once

#include <optional>
#include <string>

#include "base/stop_source.hpp"
#include "executors/spec.hpp"
#include "runner/job/checkpointer.hpp"
#include "runner/job/job_environment.hpp"
#include "runner/job/job_setup.hpp"
#include "runner/job/stage_deadlines.hpp"
#include "runner/job/stage_judge.hpp"
#include "runner/script/behaviour_variables.hpp"
#include "runner/script/variables.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::job {

/// What the parts of one job share: what it is made of, its variables and directories, its
/// checkpoint, its time limits, and the request to stop it.
///
/// Life: made by JobRun before its parts, outlives them. Strand: the I/O thread.
class JobContext {
  public:
    JobContext(const boost::asio::any_io_executor& io, JobSetup setup);
    JobContext(const JobContext&) = delete;
    JobContext& operator=(const JobContext&) = delete;

    [[nodiscard]] const protocol::gitlab::JobPayload& payload() const { return setup.payload; }
    [[nodiscard]] const config::RunnerConfig& runner() const { return *setup.runner; }
    [[nodiscard]] executors::Executor& executor() const { return *setup.executor; }
    [[nodiscard]] JobChannel& channel() const { return *setup.channel; }
    [[nodiscard]] executors::JobLog& log() const { return setup.channel->log(); }
    [[nodiscard]] journal::Checkpoint& checkpoint() { return checkpoints.state(); }
    [[nodiscard]] base::Deadline deadline() const { return deadlines.job(checkpoints.state()); }
    /// What the status page and the metrics show.
    void enter(std::string stage, std::string_view executor_stage);
    /// The warnings that reading the job's variables has left.
    void log_variable_warnings();

    /// What a judge looks at. `silence_hint`: see there.
    [[nodiscard]] Situation situation(std::string silence_hint = {}) const;
    void apply(const Verdict& verdict);
    /// Ends the job with `failure`, unless it has one: the first is the reason, what follows is a
    /// consequence.
    void fail(journal::Failure failure);

    const boost::asio::any_io_executor io;
    JobSetup setup;
    const executors::ExecutorTraits traits;
    /// The one value of the job: moved out of `setup`.
    script::Variables variables;
    /// An error when the job asks for a directory that it may not have.
    const base::Result<Directories> directories;
    script::BehaviourVariables behaviour;
    status::JobState status;
    base::StopSource stop;
    Checkpointer checkpoints;
    StageDeadlines deadlines;
};

}  // namespace runner::job
