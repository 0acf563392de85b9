#include <malloc.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "base/log.hpp"
#include "runner/commands/commands.hpp"
#include "runner/daemon/daemon.hpp"

namespace runner::commands {

namespace {

constexpr std::size_t kMmapThreshold = 128 * 1024;
constexpr std::size_t kTrimThreshold = 256 * 1024;

/// One thread allocates: one arena is enough, and freed memory goes back to the system early.
void tune_memory() {
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
    ::mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
}

int run_daemon(daemon::DaemonOptions options) {
    tune_memory();
    boost::asio::io_context context(1);
    daemon::Daemon daemon(context.get_executor(), std::move(options));
    if (auto opened = daemon.open(); !opened) return fail(opened.error());
    int exit_code = 1;
    auto on_end = [&](const std::exception_ptr& failure, int code) {
        if (failure) {
            base::log::fatal("The daemon has failed",
                             {{"error", base::error_from_exception(failure).message}});
            return;
        }
        exit_code = code;
    };
    boost::asio::co_spawn(context, daemon.run(), on_end);
    context.run();
    return exit_code;
}

int run(const Values& values) {
    if (values.has("user")) {
        return fail("--user is not supported: start the daemon as the user whom jobs shall run as "
                    "(User= in the systemd unit)");
    }
    if (const std::string directory = values.text("working-directory"); !directory.empty()) {
        if (::chdir(directory.c_str()) != 0) {
            return fail(base::errno_error("--working-directory " + directory));
        }
    }
    daemon::DaemonOptions options;
    options.config_path = std::filesystem::absolute(config_path(values));
    options.listen_address = values.text("listen-address");
    options.configure_log = [values](const config::Config& config) {
        return configure_log(values, config.log_level, config.log_format);
    };
    return run_daemon(std::move(options));
}

}  // namespace

Command run_command() {
    Command command;
    command.name = "run";
    command.usage = "[flags]";
    command.description =
        "Asks GitLab for jobs and runs them, in the foreground, until a signal comes: QUIT waits for the running\n"
        "jobs, TERM and INT stop them with a report, HUP reads the configuration again (so does a change of the\n"
        "file). Jobs survive a crash of the daemon: the next start takes them up.";
    command.examples =
        "  runner run\n"
        "  runner run --config ./config.toml --listen-address 127.0.0.1:9252\n";
    command.flags = {
        config_flag(),
        {{"listen-address"}, Flag::Kind::kText, "LISTEN_ADDRESS", "HOST:PORT",
         "status endpoint; wins over listen_address of the configuration"},
        {{"working-directory", "d"}, Flag::Kind::kText, "", "DIR",
         "where the shell executor keeps builds/ and cache/"},
        {{"service", "n"}, Flag::Kind::kText, "", "", ""},
        {{"user", "u"}, Flag::Kind::kText, "", "", ""},
    };
    command.run = run;
    return command;
}

}  // namespace runner::commands
