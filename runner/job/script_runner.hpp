#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/session.hpp"
#include "runner/job/driver_scripts.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/stage_judge.hpp"

namespace runner::job {

/// The variables of the job's scripts, as they are in their environment.
std::map<std::string, std::string> script_environment(const JobContext& context);

/// Runs one script of the job at a time in its environment, and ends it when the job is stopped or
/// the script's time is over.
///
/// Life: made when the environment is; `context` and `session` outlive it. Strand: the I/O thread.
class ScriptRunner {
  public:
    ScriptRunner(JobContext& context, executors::session::Session& session)
        : context_(context),
          session_(session),
          driver_scripts_(context),
          begun_by_former_daemon_(context.checkpoint().stage_begun) {}

    /// Runs `script` until it ends. `number` is unique in the job and stays the same after a
    /// restart of the daemon; for a script that was begun before, run() only waits for its end. A
    /// script that fails is a StageExit, not an error. Failures: those of Session, kTimeout when
    /// the supervisor did not enforce `deadline` itself, kCancelled when the job was stopped before
    /// the script began, kIo when the driver of the environment could not run the script.
    /// `report`: StageCommand::report.
    base::Task<StageResult> run(std::uint16_t number, std::string script, base::Deadline deadline,
                                bool report = false);
    /// The executor's hint why the supervisor has never answered; "" when it has answered.
    [[nodiscard]] std::string silence_hint() const;
    [[nodiscard]] executors::session::Session& session() const { return session_; }

  private:
    [[nodiscard]] executors::session::StageCommand command(std::string script) const;
    base::Task<StageResult> run(executors::session::StageCommand command, base::Deadline deadline,
                                bool begun_before);
    /// When the daemon no longer waits for the supervisor, which enforces `deadline`.
    [[nodiscard]] base::Deadline own_limit(base::Deadline deadline, std::chrono::milliseconds grace,
                                           bool begun_before) const;
    base::Task<StageResult> stop(std::uint16_t number);
    [[nodiscard]] std::chrono::seconds grace_for(base::StopReason reason) const;
    /// How much later than the supervisor the daemon gives up.
    [[nodiscard]] std::chrono::seconds slack() const;

    JobContext& context_;
    executors::session::Session& session_;
    DriverScripts driver_scripts_;
    /// A former daemon may have begun the first script, so a stop must be sent to the supervisor.
    bool begun_by_former_daemon_;
};

}  // namespace runner::job
