#include "runner/local/failed_shell.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.hpp"
#include "base/offload.hpp"
#include "base/subprocess.hpp"

namespace runner::local {

namespace {

constexpr const char* kBestShell = "command -v bash >/dev/null 2>&1 && exec bash; exec sh";

std::vector<std::string> shell_command(const job::JobRun& run) {
    const std::string enter = "cd \"$0\"; ";
    const auto& setup = run.context().setup;
    const auto& directories = run.context().directories;
    const std::string directory = directories ? directories->project : std::string();
    if (run.context().traits.shared_host) return {"/bin/sh", "-c", enter + kBestShell, directory};
    const auto state = nlohmann::json::parse(setup.executor->saved_state(), nullptr, false);
    if (!state.is_object() || !state.contains("container")) return {};
    std::vector<std::string> command{"docker"};
    if (!setup.runner->docker.host.empty())
        command.insert(command.end(), {"--host", setup.runner->docker.host});
    const auto container = state["container"].get<std::string>();
    command.insert(command.end(), {"exec", "--interactive", "--tty", container, "sh", "-c",
                                   enter + kBestShell, directory});
    return command;
}

/// A shell on this machine gets the variables of the job's scripts; a container has its own
/// environment.
std::vector<std::string> environment_of(const job::JobRun& run) {
    std::vector<std::string> added;
    if (run.context().traits.shared_host) {
        for (const auto& [name, value] : run.context().variables.environment())
            added.push_back(name + "=" + value);
    }
    return base::merged_environment(added, true);
}

/// Answers 0, or the errno of a program that cannot be started.
int run_on_terminal(std::vector<std::string> command, std::vector<std::string> environment) {
    const std::vector<char*> arguments = base::pointers_to(command);
    const std::vector<char*> variables = base::pointers_to(environment);
    pid_t child = -1;
    const int failed =
        ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), variables.data());
    if (failed != 0) return failed;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return 0;
}

}  // namespace

base::Task<base::Result<void>> open_shell(const job::JobRun& run) {
    auto command = shell_command(run);
    if (command.empty()) {
        co_return base::make_error(base::ErrorKind::kNotFound,
                                   "the job failed before it had a container");
    }
    const std::string program = command.front();
    const std::vector<std::string> environment = environment_of(run);
    const std::function<int()> work = [command, environment] {
        return run_on_terminal(command, environment);
    };
    const int failed = co_await base::offload<int>(work);
    if (failed != 0) co_return base::errno_error(failed, "run " + program);
    co_return base::Result<void>();
}

}  // namespace runner::local
