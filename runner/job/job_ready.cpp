#include <algorithm>

#include "runner/job/failure_reason.hpp"
#include "runner/job/job_run.hpp"

/// What must be over before the script: the inner engine answers, the builder is made.
namespace runner::job {

using base::ErrorKind;
using executors::session::StageCommand;
using EngineState = executors::session::SupervisorSession::EngineState;

namespace {

/// The script's first try and its second; below all numbers of stages.
constexpr std::uint16_t kReadinessStage = 1;
constexpr std::uint16_t kReadinessRetry = 2;
constexpr std::chrono::seconds kScriptLimit{60};

}  // namespace

/// Runs beside the first stages: the inner engine boots while the sources come. The script starts
/// while it boots: its programs need a tenth of a second to start, and what they ask is answered
/// when the engine is ready.
base::Task<void> JobRun::get_ready() {
    const auto wanted = setup_.executor->readiness();
    base::Result<void> result;
    if (wanted) {
        const auto deadline = Clock::now() + wanted->engine_limit;
        result = co_await wait_engine(*wanted, EngineState::kListening, deadline);
        std::string problem;
        if (result) result = co_await run_readiness_script(*wanted, kReadinessStage, problem);
        if (result) result = co_await wait_engine(*wanted, EngineState::kAnswering, deadline);
        if (result && !problem.empty()) {
            result = co_await run_readiness_script(*wanted, kReadinessRetry, problem);
        }
        ready_message_ =
            problem.empty()
                ? wanted->ready_message
                : "The builder could not be prepared; the job goes on without it: " + problem;
    }
    ready_ = result;
    changed_.notify_all();
}

base::Task<base::Result<void>> JobRun::wait_engine(const executors::ReadinessStage& wanted,
                                                   EngineState state, Clock::time_point deadline) {
    if (wanted.engine_socket.empty()) co_return base::Result<void>();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto limit = std::max(left, std::chrono::milliseconds(1));
    auto waiting = session_->wait_engine(wanted.engine_socket, state, limit, wanted.engine_log);
    auto waited = co_await std::move(waiting);
    if (!waited && waited.error().is(ErrorKind::kTimeout)) {
        // The engine's limit is not the job's: this is the environment's failure.
        co_return base::make_error(ErrorKind::kUnavailable, waited.error().message);
    }
    co_return std::move(waited);
}

/// `problem`: what the script said when it failed, else "".
base::Task<base::Result<void>> JobRun::run_readiness_script(const executors::ReadinessStage& wanted,
                                                            std::uint16_t number,
                                                            std::string& problem) {
    problem.clear();
    if (wanted.script.empty()) co_return base::Result<void>();
    StageCommand command;
    command.stage = number;
    command.script = wanted.script;
    command.user = "0";
    command.hidden = true;
    command.deadline = kScriptLimit;
    command.grace = kGrace;
    auto running = session_->run_stage(std::move(command));
    auto exit = co_await std::move(running);
    if (!exit) co_return exit.error();
    if (exit->code != 0) problem = exit->output.empty() ? "no reason was given" : exit->output;
    co_return base::Result<void>();
}

namespace {
base::Task<base::Result<void>> wait_for_value(base::Notifier& changed,
                                              const std::optional<base::Result<void>>& value) {
    while (!value) {
        co_await changed.wait();
    }
    co_return base::Result<void>();
}
}  // namespace

base::Task<bool> JobRun::wait_until_ready() {
    auto waiting = wait_for_value(changed_, ready_);
    auto waited = co_await base::run_stoppable(&stop_, std::move(waiting), job_deadline());
    const PlannedStage& stage = plan_[checkpoint_.plan_index];
    if (!waited) {
        if (waited.error().is(ErrorKind::kTimeout)) checkpoint_.progress.job_timed_out = true;
        if (stop_.requested()) stage_stopped(stage);
        co_return false;
    }
    if (*ready_) co_return true;
    checkpoint_.progress.sources_failed = true;
    fail(failure_from_error(ready_->error()));
    co_return false;
}

}  // namespace runner::job
