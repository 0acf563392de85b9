#include "runner/job/script_runner.hpp"

#include <algorithm>
#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/limits.hpp"

namespace runner::job {

using base::StopReason;
using executors::session::StageCommand;
using executors::session::StageExit;

namespace {

/// The supervisor enforces the deadline. The daemon's own limit is this much later.
constexpr std::chrono::seconds kSlack{15};
/// The same for a supervisor that has never answered and may not enforce the deadline.
constexpr std::chrono::seconds kSlackBeforeFirstAnswer{1};

std::chrono::milliseconds until(base::Deadline deadline) {
    const auto left = *deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(1));
}

}  // namespace

std::map<std::string, std::string> script_environment(const JobContext& context) {
    const auto& info = context.executor().info();
    std::map<std::string, std::string> environment;
    for (const auto& variable : info.script_environment) {
        environment[variable.name] = variable.value;
    }
    for (auto& variable : context.variables.environment()) {
        environment[variable.name] = std::move(variable.value);
    }
    for (const auto& variable : info.fixed_environment) {
        environment[variable.name] = variable.value;
    }
    return environment;
}

StageCommand ScriptRunner::command(std::string script) const {
    const auto& info = context_.executor().info();
    StageCommand command;
    command.script = std::move(script);
    command.arguments = info.login_arguments;
    command.login_once = !info.login_arguments.empty();
    command.shells = info.shells;
    command.user = info.user;
    command.grace = kGrace;
    command.environment = script_environment(context_);
    return command;
}

base::Task<StageResult> ScriptRunner::run(std::uint16_t number, std::string script,
                                          base::Deadline deadline, bool report) {
    // After a stop no new script is begun. One that a former daemon may have begun is waited for.
    const bool may_run = std::exchange(begun_by_former_daemon_, false);
    if (context_.stop.requested() && !may_run) {
        co_return base::make_error(base::ErrorKind::kCancelled, "stopped before it began");
    }
    const bool by_driver = context_.executor().info().driver.has_value();
    StageCommand made;
    if (by_driver) {
        auto call = driver_scripts_.command(number, script);
        if (!call) co_return call.error();
        made = std::move(*call);
    } else {
        made = command(std::move(script));
    }
    made.stage = number;
    made.report = report;
    made.deadline = until(deadline);
    auto running = run(std::move(made), deadline, may_run);
    auto result = co_await std::move(running);
    if (!by_driver) co_return std::move(result);
    co_return driver_scripts_.end(number, std::move(result));
}

base::Task<StageResult> ScriptRunner::run(StageCommand command, base::Deadline deadline,
                                          bool begun_before) {
    const std::uint16_t number = command.stage;
    const base::Deadline own = own_limit(deadline, command.grace, begun_before);
    auto task = session_.run_stage(std::move(command));
    auto result = co_await base::run_stoppable(&context_.stop, std::move(task), own);
    if (result || !context_.stop.requested()) co_return std::move(result);
    auto stopped = co_await stop(number);
    co_return std::move(stopped);
}

/// A script that a former daemon has begun may have ended while no daemon ran. Its output still
/// comes, however long ago its deadline was.
base::Deadline ScriptRunner::own_limit(base::Deadline deadline, std::chrono::milliseconds grace,
                                       bool begun_before) const {
    const std::chrono::milliseconds patience = grace + slack();
    if (begun_before) return std::max(*deadline, std::chrono::steady_clock::now()) + patience;
    return *deadline + (session_.was_reached() ? patience : kSlackBeforeFirstAnswer);
}

base::Task<StageResult> ScriptRunner::stop(std::uint16_t number) {
    const auto grace = grace_for(context_.stop.reason());
    session_.request_stop(number, grace);
    auto waiting = session_.wait_exit(number);
    auto exit = co_await base::with_deadline(std::move(waiting), grace + slack());
    if (!exit) co_return exit.error();
    exit->reason = StageExit::Reason::kStopped;
    co_return std::move(exit);
}

std::chrono::seconds ScriptRunner::grace_for(StopReason reason) const {
    const auto& driver = context_.executor().info().driver;
    switch (reason) {
        case StopReason::kAbort: return std::chrono::seconds(1);
        case StopReason::kShutdown: return std::chrono::seconds(5);
        default: return driver ? driver->graceful_kill : kGrace;
    }
}

std::chrono::seconds ScriptRunner::slack() const {
    const auto& driver = context_.executor().info().driver;
    return driver ? driver->force_kill : kSlack;
}

std::string ScriptRunner::silence_hint() const {
    return session_.was_reached() ? std::string() : context_.executor().info().silence_hint;
}

}  // namespace runner::job
