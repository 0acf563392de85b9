#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.hpp"
#include "base/users.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/run_daemon.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"

namespace runner::commands {

namespace {

bool has_shell_jobs(const std::filesystem::path& path) {
    const auto inspection = config::inspect_file(path);
    return inspection &&
           std::any_of(inspection->config.runners.begin(), inspection->config.runners.end(),
                       [](const config::RunnerConfig& runner) {
                           return runner.executor_kind() == executors::ExecutorKind::kShell;
                       });
}

/// Without shell jobs, the user of the official unit need not exist. "" for the daemon's own.
base::Result<std::string> shell_user(const Values& values, const std::filesystem::path& path) {
    const std::string wanted = values.text("user");
    const std::string own = base::user_name(::geteuid());
    if (wanted.empty() || wanted == own) return std::string();
    const bool known = base::user_id(wanted).has_value();
    if ((known && ::geteuid() == 0) || !has_shell_jobs(path)) return wanted;
    if (!known) {
        return base::invalid_input(
            fmt::format("--user {}: there is no such user, and a runner of {} has shell jobs: make "
                        "the user (useradd --system), or give another one",
                        wanted, path.string()));
    }
    return base::invalid_input(fmt::format(
        "--user {0}: only root can run the shell jobs of {1} as another user, and this is {2}: "
        "start the daemon as root or as {0} (User= in its unit), or leave --user out",
        wanted, path.string(), own));
}

/// A new directory belongs to the user of the jobs.
base::Result<void> enter(const std::string& directory, const std::string& user) {
    std::error_code ignored;
    if (!std::filesystem::exists(directory, ignored)) {
        auto made = base::make_directories(directory, 0700);
        if (made && base::user_id(user)) made = base::give_to_user(user, directory);
        if (!made) return made.error();
    }
    if (::chdir(directory.c_str()) == 0) return {};
    return base::errno_error("enter --working-directory " + directory);
}

int run(const Values& values) {
    const auto path = std::filesystem::absolute(config_path(values));
    config::undo_interrupted_edit(path);
    auto user = shell_user(values, path);
    if (!user) return fail(user.error());
    if (const std::string directory = values.text("working-directory"); !directory.empty()) {
        if (auto entered = enter(directory, *user); !entered) return fail(entered.error());
    }
    if (values.flag("syslog")) {
        base::log::warning(
            "--syslog is not needed: the service manager takes the log from standard error");
    }
    daemon::DaemonOptions options;
    options.config_path = path;
    options.listen_address = values.text("listen-address");
    options.shell_user = std::move(*user);
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
                            "the user of shell jobs; only root can run them as another one"),
                  text_flag({"service", "n"}, "NAME", ""), bool_flag({"syslog"}, "", "LOG_SYSLOG")},
        .run = run};
}

}  // namespace runner::commands
