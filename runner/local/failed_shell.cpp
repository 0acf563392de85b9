#include "runner/local/failed_shell.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.hpp"
#include "base/offload.hpp"
#include "runner/script/variables.hpp"

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

/// What the job's scripts had, for a shell on this machine; a container has its own environment.
std::vector<std::string> environment_of(const job::JobRun& run) {
    const auto& setup = run.setup();
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    if (setup.runner->executor != "shell") return environment;
    script::RunnerFacts facts;
    facts.short_token = setup.record.short_token;
    const std::string& builds = setup.runner->builds_dir;
    facts.builds_dir = builds.empty() ? setup.working_dir + "/builds" : builds;
    facts.project_dir = run.project_directory();
    facts.tmp_dir = facts.project_dir + ".tmp";
    facts.concurrent_id = setup.record.slot.concurrent_id;
    facts.concurrent_project_id = setup.record.slot.concurrent_project_id;
    facts.shared_environment = true;
    for (auto& [name, value] :
         script::Variables(setup.payload, *setup.runner, facts).environment()) {
        const std::string start = name + "=";
        std::erase_if(environment, [&](const auto& entry) { return entry.starts_with(start); });
        environment.push_back(start + value);
    }
    return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// 0, or errno.
int run_on_terminal(std::vector<std::string> command, std::vector<std::string> environment) {
    const std::vector<char*> arguments = pointers_to(command);
    const std::vector<char*> variables = pointers_to(environment);
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
