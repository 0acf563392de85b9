#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/executor.hpp"
#include "executors/session/session.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// Makes the environment ready for the job's own script: waits until the inner engine answers, and
/// makes the builder.
///
/// Life: run() is spawned once, beside the first stages; wait() is called any number of times, by
/// one caller, first when get_sources has ended.
/// `context` and `session` outlive it. Strand: the I/O thread.
class ReadinessGate {
  public:
    ReadinessGate(JobContext& context, executors::session::Session& session)
        : context_(context), session_(session), changed_(context.io) {}

    /// Starts the script, unless it is for later, as soon as the engine listens. The programs of
    /// the script need a tenth of a second to start, and the engine answers their requests when it
    /// is ready.
    base::Task<void> run();
    /// Waits until run() has ended, then runs a script that was to wait for get_sources. Failures:
    /// the failure of run(), kTimeout when the job's time is over first, kCancelled when the job is
    /// stopped first.
    base::Task<base::Result<void>> wait();
    /// The lines for the job's log about the engine and the result, without those that were taken
    /// before.
    [[nodiscard]] std::vector<std::string> take_messages();

  private:
    using Clock = std::chrono::steady_clock;
    using EngineState = executors::session::Session::EngineState;

    base::Task<base::Result<void>> make_ready(const executors::ReadinessStage& wanted);
    base::Task<base::Result<void>> wait_engine(const executors::ReadinessStage& wanted,
                                               EngineState state, Clock::time_point deadline);
    base::Task<void> describe_engine(const executors::ReadinessStage& wanted);
    base::Task<base::Result<void>> run_late_script();
    void tell_of_engine(const executors::ReadinessStage& wanted, const base::Result<void>& result,
                        Clock::time_point begin) const;
    void tell_of_builder(const executors::ReadinessStage& wanted, const std::string& problem,
                         Clock::time_point begin) const;
    void note_result(const executors::ReadinessStage& wanted, const std::string& problem);
    base::Task<base::Result<void>> run_script(const executors::ReadinessStage& wanted,
                                              std::uint16_t number, std::string& problem);

    JobContext& context_;
    executors::session::Session& session_;
    std::optional<base::Result<void>> ended_;
    std::optional<executors::ReadinessStage> late_;  ///< its script has not been run yet
    std::string engine_line_;                        ///< see executors::Executor::describe_engine()
    std::string message_;
    base::Notifier changed_;
};

}  // namespace runner::job
