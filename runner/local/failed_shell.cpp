#include "runner/local/failed_shell.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.hpp"
#include "base/offload.hpp"

namespace runner::local {

namespace {

constexpr const char* kBestShell = "command -v bash >/dev/null 2>&1 && exec bash; exec sh";

std::vector<std::string> shell_command(const job::JobRun& run) {
    const std::string enter = "cd \"$0\"; ";
    const auto& setup = run.setup();
    const std::string directory = run.project_directory();
    if (setup.runner->executor == "shell") return {"/bin/sh", "-c", enter + kBestShell, directory};
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

/// 0, or errno.
int run_on_terminal(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    const int failed =
        ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
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
    const std::function<int()> work = [command] { return run_on_terminal(command); };
    const int failed = co_await base::offload<int>(work);
    if (failed != 0) co_return base::errno_error(failed, "run " + program);
    co_return base::Result<void>();
}

}  // namespace runner::local
