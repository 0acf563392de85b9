#include <fmt/format.h>

#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/status_text.hpp"

namespace runner::commands {

namespace {

int jobs(const Values& values) {
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    auto page = (*client)->get_json("/status.json");
    if (!page) return fail(page.error());
    const auto running = page->find("jobs");
    if (running == page->end()) return fail("the daemon's answer has no jobs");
    if (wants_json(values)) {
        print_json(*running);
    } else if (running->empty()) {
        print("no job runs\n");
    } else {
        print(jobs_table(*running));
    }
    return 0;
}

}  // namespace

Command jobs_command() {
    auto flags = daemon_flags();
    flags.push_back(format_flag());
    return {
        .name = "jobs",
        .summary = "the jobs that run on this machine",
        .usage = "[flags]",
        .description =
            "Lists the jobs that the daemon runs: number, project, stage and ages. `runner log` "
            "shows what a job prints.",
        .examples =
            "  runner jobs\n"
            "  runner jobs --format json\n",
        .flags = std::move(flags),
        .run = jobs};
}

}  // namespace runner::commands
