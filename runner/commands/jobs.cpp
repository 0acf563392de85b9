#include <fmt/format.h>

#include "base/parse.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/status_text.hpp"

namespace runner::commands {

namespace {

using nlohmann::ordered_json;

/// {"running": […], "recent": […]}. A daemon of a former version has no history.
base::Result<ordered_json> ask_for_jobs(DaemonClient& client, std::size_t limit) {
    auto page = client.get_json(fmt::format("/jobs?limit={}", limit));
    if (!page && page.error().is(base::ErrorKind::kNotFound))
        page = client.get_json("/status.json");
    if (!page) return page.error();
    const char* running = page->contains("running") ? "running" : "jobs";
    ordered_json jobs{{"running", page->value(running, nlohmann::json::array())},
                      {"recent", page->value("recent", nlohmann::json::array())}};
    return base::Result<ordered_json>(boost::system::in_place_value, std::move(jobs));
}

int jobs(const Values& values) {
    const std::string given = values.has("limit") ? values.text("limit") : "10";
    const auto limit = base::parse_number<std::size_t>(given);
    if (!limit) return fail("--limit is a number of jobs");
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    auto found = ask_for_jobs(**client, *limit);
    if (!found) return fail(found.error());
    if (wants_json(values)) {
        print_json(*found);
        return 0;
    }
    const nlohmann::json running = (*found)["running"];
    const nlohmann::json recent = (*found)["recent"];
    print(running.empty() ? "no job runs\n" : jobs_table(running));
    if (!recent.empty()) print("\n" + recent_jobs_table(recent));
    return 0;
}

}  // namespace

Command jobs_command() {
    auto flags = daemon_flags();
    flags.push_back(text_flag({"limit"}, "COUNT", "how many of the recent jobs; default: 10"));
    flags.push_back(format_flag());
    return {
        .name = "jobs",
        .summary = "the jobs that run on this machine, and recent ones",
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
