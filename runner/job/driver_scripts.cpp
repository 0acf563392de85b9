#include "runner/job/driver_scripts.hpp"

#include <system_error>

#include "base/files.hpp"
#include "runner/job/driver_job.hpp"
#include "runner/script/driver_script.hpp"

namespace runner::job {

using executors::session::StageCommand;
using executors::session::StageExit;

const executors::ScriptDriver& DriverScripts::driver() const {
    return *context_.executor().info().driver;
}

std::filesystem::path DriverScripts::directory(std::uint16_t number) const {
    return std::filesystem::path(driver().directory) / ("script" + std::to_string(number));
}

std::filesystem::path DriverScripts::code_file(std::uint16_t number) const {
    return directory(number) / "exit_code";
}

base::Result<StageCommand> DriverScripts::command(std::uint16_t number, const std::string& script) {
    const auto& driver = this->driver();
    const std::string& shell = driver.shell.empty() ? context_.runner().shell : driver.shell;
    const auto file = directory(number) / "script.sh";
    if (auto made = base::make_directories(directory(number), 0700); !made) return made.error();
    const std::string text = script::driver_script(shell, context_.variables.environment(), script);
    if (auto written = base::write_file_atomic(file, text, 0700); !written) return written.error();

    StageCommand command;
    command.stage = number;
    command.shells = {driver.program};
    command.arguments = driver.arguments;
    command.arguments.push_back(file.string());
    command.arguments.push_back(executors::driver_stage_name(context_.status.stage));
    command.cwd = driver.directory;
    command.grace = driver.graceful_kill;
    for (const auto& variable : driver.environment)
        command.environment[variable.name] = variable.value;
    for (auto& variable : driver_job_variables(context_))
        command.environment[variable.name] = std::move(variable.value);
    command.environment["BUILD_EXIT_CODE_FILE"] = code_file(number).string();
    return command;
}

StageResult DriverScripts::end(std::uint16_t number, StageResult result) {
    if (result && result->reason == StageExit::Reason::kStartFailed) {
        result->message = "run_exec of [runners.custom]: " + result->message;
    }
    if (result && result->reason == StageExit::Reason::kExited) {
        const auto code = executors::job_exit_code(result->code, result->signal, code_file(number));
        if (code) {
            result->code = *code;
        } else {
            result = code.error();
        }
    }
    std::error_code ignored;  // the cleanup removes what is left
    std::filesystem::remove_all(directory(number), ignored);
    return result;
}

}  // namespace runner::job
