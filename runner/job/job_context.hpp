#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/stop_source.hpp"
#include "executors/spec.hpp"
#include "runner/job/checkpointer.hpp"
#include "runner/job/job_environment.hpp"
#include "runner/job/job_setup.hpp"
#include "runner/job/stage_deadlines.hpp"
#include "runner/job/stage_judge.hpp"
#include "runner/job/watched_log.hpp"
#include "runner/script/behaviour_variables.hpp"
#include "runner/script/text_expander.hpp"
#include "runner/script/variables.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::job {

/// The data that the parts of one job share: the job's setup, variables, directories, checkpoint,
/// time limits, and the request to stop the job.
///
/// Life: JobRun makes it before the other parts of the job; it outlives them. Strand: the I/O
/// thread.
class JobContext final : private executors::ExecutorObserver {
  public:
    JobContext(const boost::asio::any_io_executor& io, JobSetup setup);
    JobContext(const JobContext&) = delete;
    JobContext& operator=(const JobContext&) = delete;

    [[nodiscard]] const protocol::gitlab::JobPayload& payload() const { return setup.payload; }
    [[nodiscard]] const config::RunnerConfig& runner() const { return *setup.runner; }
    [[nodiscard]] executors::Executor& executor() const { return *setup.executor; }
    [[nodiscard]] JobChannel& channel() const { return *setup.channel; }
    [[nodiscard]] executors::JobLog& log() const { return *watched_log; }
    [[nodiscard]] journal::Checkpoint& checkpoint() { return checkpoints.state(); }
    [[nodiscard]] base::Deadline deadline() const { return deadlines.job(checkpoints.state()); }
    /// Sets the stage that the status page and the metrics show.
    void enter(std::string stage, std::string_view executor_stage);
    /// Tells the observer that the stage has ended; enter() does it for the stage before.
    void end_stage();
    /// Takes what the custom executor's driver has said. kConfiguration: the job cannot run with
    /// it.
    base::Result<void> choose_directories(const DirectoryWishes& wishes);
    /// Writes the warnings about the job's variables that were read so far to the job's log.
    void log_variable_warnings();

    /// The input of StageJudge. `silence_hint`: see Situation.
    [[nodiscard]] Situation situation(std::string silence_hint = {}) const;
    void apply(const Verdict& verdict);
    /// Sets the job's failure. A job that has one keeps it, because later failures are consequences
    /// of the first.
    void fail(journal::Failure failure);

    const boost::asio::any_io_executor io;
    JobSetup setup;  ///< its payload has its texts expanded
    const executors::ExecutorTraits traits;
    /// The only copy of the job's variables, moved out of `setup`.
    script::Variables variables;
    /// An error when the job asks for a directory that is not allowed.
    base::Result<Directories> directories;
    script::TextExpander texts;
    script::BehaviourVariables behaviour;
    /// The daemon's log, with the job's fields. What comes from the job is masked by log() first.
    const base::log::Scope daemon_log;
    status::JobState status;
    const std::unique_ptr<WatchedLog> watched_log;
    base::StopSource stop;
    Checkpointer checkpoints;
    StageDeadlines deadlines;

  private:
    void on_step(std::string_view step) override;
    void on_pull(const executors::ImagePull& pull) override;
};

}  // namespace runner::job
