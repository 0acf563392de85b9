#include <fmt/format.h>

#include "runner/commands/command_list.hpp"
#include "runner/commands/service_manager.hpp"

/// start, stop and restart.
namespace runner::commands {

namespace {

int tell(const Values& values, const std::string& verb) {
    const auto manager = ServiceManager::open(values);
    if (!manager) return fail(manager.error());
    if (verb != "start") {
        base::log::info("Running jobs end first, which may take long: `runner jobs` lists them");
    }
    if (auto told = manager->tell(verb); !told) return fail(told.error());
    return 0;
}

Command make(const std::string& verb, std::string summary, std::string description) {
    return {.name = verb,
            .summary = std::move(summary),
            .usage = "[flags]",
            .description = std::move(description),
            .examples = fmt::format("  runner {}\n  runner {} --service runner-2\n", verb, verb),
            .flags = service_flags(),
            .run = [verb](const Values& values) { return tell(values, verb); }};
}

}  // namespace

Command start_command() {
    return make("start", "start the service",
                "Starts the daemon as a service of systemd, as `systemctl start runner` does. "
                "`runner status` shows whether it works.");
}

Command stop_command() {
    return make(
        "stop", "stop the service when its jobs have ended",
        "Stops the service, as `systemctl stop runner` does: it takes no new jobs, and ends "
        "when its running jobs have ended, or after\n"
        "half an hour. Jobs that run then go on, and the next start takes them over.");
}

Command restart_command() {
    return make("restart", "stop and start the service",
                "Stops the service when its jobs have ended, and starts it again. A changed "
                "config.toml needs no restart.");
}

}  // namespace runner::commands
