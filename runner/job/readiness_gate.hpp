#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/executor.hpp"
#include "executors/session/session.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// What must be over before the job's own script: the inner engine answers, the builder is made.
///
/// Life: run() is spawned once, beside the first stages; wait() is called any number of times.
/// `context` and `session` outlive it. Strand: the I/O thread.
class ReadinessGate {
  public:
    ReadinessGate(JobContext& context, executors::session::Session& session)
        : context_(context), session_(session), changed_(context.io) {}

    /// The script starts as soon as the engine listens: its programs need a tenth of a second to
    /// start, and what they ask is answered when the engine is ready.
    base::Task<void> run();
    /// Until run() has ended. Failures: its own, kTimeout when the job's time is over first,
    /// kCancelled when the job is stopped first.
    base::Task<base::Result<void>> wait();
    /// The line for the job's log that says how it went; "" the second time.
    [[nodiscard]] std::string take_message();

  private:
    using Clock = std::chrono::steady_clock;
    using EngineState = executors::session::Session::EngineState;

    base::Task<base::Result<void>> make_ready(const executors::ReadinessStage& wanted);
    base::Task<base::Result<void>> wait_engine(const executors::ReadinessStage& wanted,
                                               EngineState state, Clock::time_point deadline);
    base::Task<base::Result<void>> run_script(const executors::ReadinessStage& wanted,
                                              std::uint16_t number, std::string& problem);

    JobContext& context_;
    executors::session::Session& session_;
    std::optional<base::Result<void>> ended_;
    std::string message_;
    base::Notifier changed_;
};

}  // namespace runner::job
