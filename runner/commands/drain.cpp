#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/duration.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/text_table.hpp"

namespace runner::commands {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollInterval{500};

base::Result<std::optional<Clock::time_point>> end_of_wait(const Values& values) {
    const std::string given = values.text("timeout");
    if (given.empty() || given == "0") return std::optional<Clock::time_point>();
    auto limit = base::parse_go_duration(given);
    if (!limit || limit->count() < 0) {
        return base::invalid_input(
            fmt::format("--timeout {} is no duration: write 90s, 10m or 1h30m", given));
    }
    return std::optional(Clock::now() + std::chrono::duration_cast<Clock::duration>(*limit));
}

/// One line about each job that is waited for.
std::string waiting_jobs(const json& page) {
    std::string text;
    for (const auto& job : page.at("jobs")) {
        text +=
            fmt::format("  job {}: {} {}, {} for {}\n", cell(job, "id"), cell(job, "project"),
                        cell(job, "name"), cell(job, "stage"), age_cell(job, "stage_age_seconds"));
    }
    return text;
}

std::string count_text(int jobs) {
    return jobs == 1 ? "1 job runs" : fmt::format("{} jobs run", jobs);
}

/// Ends the command before the drain has ended.
int leave(int jobs, const std::string& why, int code) {
    print(
        fmt::format("{}; {}. The drain goes on: `runner drain` waits again, `runner resume` undoes "
                    "it, `runner cancel JOB` stops a job\n",
                    why, count_text(jobs)));
    return code;
}

int wait_for_jobs(DaemonClient& client, std::optional<Clock::time_point> end) {
    int shown = -1;
    while (true) {
        auto state = client.get_json("/control");
        const bool interrupted = !state && state.error().is(base::ErrorKind::kCancelled);
        if (interrupted) return leave(std::max(shown, 0), "Interrupted", kInterrupted);
        if (!state) return fail(state.error());
        if (!state->value("draining", false))
            return fail("somebody has ended the drain with `runner resume`");
        const int jobs = state->value("running_jobs", 0);
        if (jobs == 0 && state->value("requests", 0) == 0) {
            print("Drained: no job runs, and none is taken until `runner resume`\n");
            return 0;
        }
        if (jobs != shown) {
            shown = jobs;
            auto page = client.get_json("/status.json");
            const bool has_jobs = page && page->contains("jobs");
            if (jobs > 0) print(count_text(jobs) + ":\n" + (has_jobs ? waiting_jobs(*page) : ""));
            std::fflush(stdout);
        }
        if (end && Clock::now() >= *end) return leave(jobs, "The time is over", 1);
        if (!client.pause(kPollInterval)) return leave(jobs, "Interrupted", kInterrupted);
    }
}

int drain(const Values& values) {
    const auto end = end_of_wait(values);
    if (!end) return fail(end.error());
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    auto begun = (*client)->post("/control/drain");
    if (!begun) return fail(begun.error());
    print("Draining: no new jobs are taken\n");
    std::fflush(stdout);
    if (values.flag("no-wait")) return 0;
    return wait_for_jobs(**client, *end);
}

}  // namespace

Command drain_command() {
    auto flags = daemon_flags();
    flags.push_back(
        text_flag({"timeout"}, "DURATION",
                  "stop waiting after this, with exit code 1; 0 for no limit, the default"));
    flags.push_back(bool_flag({"no-wait"}, "do not wait for the jobs"));
    return {
        .name = "drain",
        .summary = "take no new jobs, and wait until none runs",
        .usage = "[flags]",
        .description =
            "Prepares this machine for maintenance: the daemon takes no new jobs, and the "
            "command returns when the last one has ended.\n"
            "Ctrl-C and --timeout end the wait and leave the drain on, also over restarts, until "
            "`runner resume`. The daemon goes on; a stop\n"
            "of the service is then immediate.",
        .examples =
            "  runner drain\n"
            "  runner drain --timeout 30m && runner stop\n",
        .flags = std::move(flags),
        .run = drain};
}

}  // namespace runner::commands
