#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strings.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/text_table.hpp"

namespace runner::commands {

namespace {

using nlohmann::json;

std::string jobs_text(const json& state) {
    const int jobs = state.value("running_jobs", 0);
    if (jobs == 0) return "no job runs";
    return jobs == 1 ? "1 job runs on" : fmt::format("{} jobs run on", jobs);
}

/// "paused: a, b" or "taking jobs: c"; "" for none.
std::string names_text(const json& state, bool paused) {
    std::vector<std::string> names;
    for (const auto& runner : state.at("runners")) {
        if (runner.value("paused", false) == paused)
            names.push_back(printable(runner.value("name", std::string())));
    }
    if (names.empty()) return "";
    return fmt::format("{}: {}\n", paused ? "paused" : "taking jobs", base::join(names, ", "));
}

void print_state(const json& state, const Values& values, const std::string& action) {
    if (wants_json(values)) return print_json(state);
    print(names_text(state, true) + names_text(state, false));
    if (action == "pause") print(fmt::format("{}; `runner resume` undoes it\n", jobs_text(state)));
}

/// Sends a change, for each name or for all runners, and says what holds afterwards.
int send_change(const Values& values, const std::string& action) {
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    std::vector<std::string> names = values.words();
    if (std::find(names.begin(), names.end(), "") != names.end())
        return fail("the name of a runner is empty: leave it out for all runners");
    if (names.empty()) names.emplace_back();
    // A name that is refused does not keep the others from their change, and what holds is said.
    std::optional<json> state;
    int code = 0;
    for (const std::string& name : names) {
        auto answer = (*client)->post("/control/" + action + runner_query(name));
        if (answer)
            state = std::move(*answer);
        else
            code = fail(answer.error());
    }
    if (state) print_state(*state, values, action);
    if (state && state->contains("not_saved")) {
        base::log::warning("this holds until the daemon is started again: " +
                           printable(state->value("not_saved", std::string())));
        code = 1;
    }
    return code;
}

int pause(const Values& values) { return send_change(values, "pause"); }
int resume(const Values& values) { return send_change(values, "resume"); }

std::vector<Flag> flags() {
    auto all = daemon_flags();
    all.push_back(format_flag());
    return all;
}

}  // namespace

Command pause_command() {
    return {
        .name = "pause",
        .summary = "take no new jobs, until resume",
        .usage = "[NAME …] [flags]",
        .description =
            "Tells the daemon to ask GitLab for no new jobs: for the runners of these names, or "
            "for all. Jobs that run go on to their\n"
            "end. The pause survives a restart of the daemon; `runner status` shows it.",
        .examples =
            "  runner pause\n"
            "  runner pause builder-1\n",
        .flags = flags(),
        .run = pause,
        .takes_words = true};
}

Command resume_command() {
    return {.name = "resume",
            .summary = "take jobs again after pause or drain",
            .usage = "[NAME …] [flags]",
            .description =
                "Ends `runner pause` and `runner drain`: the daemon asks for jobs at once, for the "
                "runners of these names, or for all.",
            .examples =
                "  runner resume\n"
                "  runner resume builder-1\n",
            .flags = flags(),
            .run = resume,
            .takes_words = true};
}

}  // namespace runner::commands
