#include "runner/job/readiness_gate.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/limits.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using executors::ReadinessStage;
using executors::session::StageCommand;

namespace {

/// The script's first try and its second; below all numbers of stages.
constexpr std::uint16_t kFirstTry = 1;
constexpr std::uint16_t kSecondTry = 2;
constexpr std::chrono::seconds kScriptLimit{60};

std::chrono::microseconds age(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 begin);
}

base::Task<Result<void>> wait_for_value(base::Notifier& changed,
                                        const std::optional<Result<void>>& value) {
    while (!value) {
        co_await changed.wait();
    }
    co_return Result<void>();
}

}  // namespace

base::Task<void> ReadinessGate::run() {
    const auto wanted = context_.executor().readiness();
    Result<void> result;
    try {
        if (wanted) result = co_await make_ready(*wanted);
    } catch (...) {
        // The stages wait for a result, whatever happens.
        result = base::error_from_exception(std::current_exception());
    }
    ended_ = result;
    changed_.notify_all();
}

base::Task<Result<void>> ReadinessGate::make_ready(const ReadinessStage& wanted) {
    const auto begin = Clock::now();
    const auto deadline = begin + wanted.engine_limit;
    auto result = co_await wait_engine(wanted, EngineState::kListening, deadline);
    std::string problem;
    const bool now = !wanted.after_sources;
    if (result && now) result = co_await run_script(wanted, kFirstTry, problem);
    if (result) result = co_await wait_engine(wanted, EngineState::kAnswering, deadline);
    tell_of_engine(wanted, result, begin);
    if (result) co_await describe_engine(wanted);
    if (result && !problem.empty()) result = co_await run_script(wanted, kSecondTry, problem);
    if (now) {
        note_result(wanted, problem);
        if (result) tell_of_builder(wanted, problem, begin);
    } else {
        late_ = wanted;
    }
    co_return std::move(result);
}

base::Task<void> ReadinessGate::describe_engine(const ReadinessStage& wanted) {
    if (wanted.engine_socket.empty()) co_return;
    auto line = co_await context_.executor().describe_engine();
    // It comes with the heading of the first step, which a former daemon may have written.
    const auto& restored = context_.setup.restored;
    if (!restored || !restored->progress.steps_reached) engine_line_ = std::move(line);
}

void ReadinessGate::note_result(const ReadinessStage& wanted, const std::string& problem) {
    message_ = problem.empty() ? wanted.ready_message : wanted.failed_message + problem;
}

void ReadinessGate::tell_of_engine(const ReadinessStage& wanted, const Result<void>& result,
                                   Clock::time_point begin) const {
    if (wanted.engine_socket.empty()) return;
    if (!result && !result.error().is(ErrorKind::kUnavailable)) return;
    context_.setup.observer->on_engine(context_, result.has_value(), age(begin));
}

void ReadinessGate::tell_of_builder(const ReadinessStage& wanted, const std::string& problem,
                                    Clock::time_point begin) const {
    if (wanted.script.empty()) return;
    context_.setup.observer->on_builder(context_, problem.empty(), age(begin));
}

base::Task<Result<void>> ReadinessGate::run_late_script() {
    const ReadinessStage wanted = *std::exchange(late_, std::nullopt);
    std::string problem;
    const auto begin = Clock::now();
    auto running = run_script(wanted, kFirstTry, problem);
    auto ran =
        co_await base::run_stoppable(&context_.stop, std::move(running), context_.deadline());
    if (ran) note_result(wanted, problem);
    if (ran) tell_of_builder(wanted, problem, begin);
    co_return std::move(ran);
}

base::Task<Result<void>> ReadinessGate::wait_engine(const ReadinessStage& wanted, EngineState state,
                                                    Clock::time_point deadline) {
    if (wanted.engine_socket.empty()) co_return Result<void>();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto limit = std::max(left, std::chrono::milliseconds(1));
    const executors::Waiting shown(context_.log(), "the inner Docker engine");
    auto waiting = session_.wait_engine(wanted.engine_socket, state, limit, wanted.engine_log);
    auto waited = co_await std::move(waiting);
    if (!waited && waited.error().is(ErrorKind::kTimeout)) {
        // The engine's limit is not the job's: this is the environment's failure.
        co_return base::make_error(ErrorKind::kUnavailable, waited.error().message);
    }
    co_return std::move(waited);
}

/// `problem`: what the script said when it failed, else "".
base::Task<Result<void>> ReadinessGate::run_script(const ReadinessStage& wanted,
                                                   std::uint16_t number, std::string& problem) {
    problem.clear();
    if (wanted.script.empty()) co_return Result<void>();
    StageCommand command;
    command.stage = number;
    command.script = wanted.script;
    command.user = wanted.user;
    command.environment = wanted.environment;
    command.hidden = true;
    command.deadline = kScriptLimit;
    command.grace = kGrace;
    const executors::Waiting shown(context_.log(), "the builder");
    auto running = session_.run_stage(std::move(command));
    auto exit = co_await std::move(running);
    if (!exit) co_return exit.error();
    if (exit->code != 0) problem = exit->output.empty() ? "no reason was given" : exit->output;
    co_return Result<void>();
}

base::Task<Result<void>> ReadinessGate::wait() {
    auto waiting = wait_for_value(changed_, ended_);
    auto waited =
        co_await base::run_stoppable(&context_.stop, std::move(waiting), context_.deadline());
    if (!waited) co_return std::move(waited);
    if (!*ended_ || !late_) co_return *ended_;
    auto ran = co_await run_late_script();
    co_return std::move(ran);
}

std::vector<std::string> ReadinessGate::take_messages() {
    std::vector<std::string> messages{std::exchange(engine_line_, {}), std::exchange(message_, {})};
    std::erase(messages, "");
    return messages;
}

}  // namespace runner::job
