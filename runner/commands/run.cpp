#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.hpp"
#include "base/users.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/run_daemon.hpp"
#include "runner/config/inspect.hpp"

namespace runner::commands {

namespace {

/// With --user the official program runs shell jobs as that user. This program cannot, and a script
/// that relies on it must not run with more rights.
base::Result<void> check_user(const Values& values, const std::filesystem::path& path) {
    const std::string wanted = values.text("user");
    if (wanted.empty() || wanted == base::user_name(::geteuid())) return {};
    const auto inspection = config::inspect_file(path);
    const bool shell_jobs =
        inspection &&
        std::any_of(inspection->config.runners.begin(), inspection->config.runners.end(),
                    [](const config::RunnerConfig& runner) {
                        return runner.executor_kind() == executors::ExecutorKind::kShell;
                    });
    if (!shell_jobs) return {};
    return base::make_error(
        base::ErrorKind::kInvalidInput,
        fmt::format("--user {}: shell jobs run as the user of the daemon, which is {}: start the "
                    "daemon as {} (User= in its unit), or leave --user out",
                    wanted, base::user_name(::geteuid()), wanted));
}

int run(const Values& values) {
    const auto path = std::filesystem::absolute(config_path(values));
    if (auto user = check_user(values, path); !user) return fail(user.error());
    const std::string directory = values.text("working-directory");
    if (!directory.empty()) {
        if (auto made = base::make_directories(directory, 0700); !made) return fail(made.error());
    }
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) {
        return fail(base::errno_error("enter --working-directory " + directory));
    }
    if (values.flag("syslog")) {
        base::log::warning(
            "--syslog is not needed: the service manager takes the log from standard error");
    }
    daemon::DaemonOptions options;
    options.config_path = path;
    options.listen_address = values.text("listen-address");
    options.configure_log = [values](const config::Config& config) {
        return configure_log(values, config.log_level, config.log_format);
    };
    return run_daemon(std::move(options));
}

}  // namespace

Command run_command() {
    return {
        .name = "run",
        .summary = "ask GitLab for jobs and run them",
        .usage = "[flags]",
        .description =
            "Asks GitLab for jobs and runs them, in the foreground. SIGQUIT waits for running jobs "
            "and leaves; SIGTERM and SIGINT\n"
            "stop them first; SIGHUP reads the configuration again.",
        .examples =
            "  runner run\n"
            "  runner run --config ./config.toml --listen-address 127.0.0.1:9252\n",
        .flags = {config_flag(),
                  text_flag({"working-directory", "d"}, "DIR",
                            "where shell jobs have their builds"),
                  text_flag({"listen-address"}, "HOST:PORT",
                            "status page and metrics; wins over the file", "LISTEN_ADDRESS"),
                  text_flag({"user", "u"}, "NAME",
                            "refused for shell jobs unless the daemon runs as this user"),
                  text_flag({"service", "n"}, "NAME", ""), bool_flag({"syslog"}, "", "LOG_SYSLOG")},
        .run = run};
}

}  // namespace runner::commands
