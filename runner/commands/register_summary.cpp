#include "runner/commands/register_summary.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/service_manager.hpp"

namespace runner::commands {

namespace {

void add(std::string& text, std::string_view name, const std::string& value) {
    text += fmt::format("  {:<12}{}\n", name, value);
}

/// Where an administrator finds the runner. The token's kind tells whose runner it is
/// (runner-protocol.md §2.2).
std::string page_of(const RegisteredRunner& runner) {
    const std::string& token = runner.token.reveal();
    const std::string number = fmt::format("#{}", runner.id);
    std::string url = runner.url;
    while (url.ends_with('/')) url.pop_back();
    if (token.find("t1_") != std::string::npos)
        return fmt::format("{}/admin/runners/{}", url, runner.id);
    if (token.find("t2_") != std::string::npos) return "the group, Build > Runners, " + number;
    if (token.find("t3_") != std::string::npos)
        return "the project, Settings > CI/CD > Runners, " + number;
    return "GitLab's list of runners, " + number;
}

std::string jobs_text(const protocol::gitlab::RunnerDescription& told) {
    if (told.tag_list.empty()) return "untagged jobs";
    return fmt::format("jobs with tags among {}{}", told.tag_list,
                       told.run_untagged ? ", and untagged jobs" : "; no untagged jobs");
}

void add_told(std::string& text, const protocol::gitlab::RunnerDescription& told) {
    add(text, "takes", jobs_text(told));
    add(text, "of",
        told.access_level == "ref_protected" ? "protected branches and tags only"
                                             : "all branches and tags");
    if (told.locked) add(text, "locked", "to its present projects, if it is a project's runner");
    if (told.maximum_timeout > 0)
        add(text, "time limit", fmt::format("{} s for a job", told.maximum_timeout));
    if (told.paused)
        add(text, "paused", "at GitLab: it gets no jobs until somebody resumes it there");
}

}  // namespace

std::string registration_summary(const RegisteredRunner& runner) {
    const std::string image = runner.image.empty() ? "" : ", image " + runner.image;
    std::string text =
        fmt::format("\nRunner \"{}\" is registered at {}\n", runner.name, runner.url);
    add(text, "number", fmt::format("#{}", runner.id));
    add(text, "executor", runner.executor + image);
    add(text, "token",
        runner.expires.empty()
            ? std::string("does not expire")
            : fmt::format("expires {}; the daemon renews it before", runner.expires));
    if (runner.told) {
        add_told(text, *runner.told);
    } else {
        add(text, "takes", "the jobs that its page in GitLab allows: tags, protected branches and");
        add(text, "", "a pause are not told to a runner");
    }
    add(text, "page", page_of(runner));
    return text;
}

DaemonState daemon_state(const Values& values) {
    auto client = DaemonClient::open(values);
    if (client) {
        auto state = (*client)->get_json("/control");
        if (state) return state->value("paused", false) ? DaemonState::kPaused : DaemonState::kRuns;
        // A daemon is there, but does not speak to this user.
        if (state.error().is(base::ErrorKind::kForbidden)) return DaemonState::kRuns;
    }
    if (!values.text("config").empty()) return DaemonState::kNone;
    const auto manager = ServiceManager::open(Values());
    if (!manager) return DaemonState::kNone;
    const auto service = manager->state();
    return service && service->installed ? DaemonState::kServiceStopped : DaemonState::kNone;
}

std::string next_step(DaemonState state, const std::string& config) {
    const std::string more = config.empty() ? "" : " --config " + base::shell_quote(config);
    switch (state) {
        case DaemonState::kRuns:
            return fmt::format(
                "\nThe daemon runs and takes the runner up by itself within seconds.\nNext: runner "
                "status{}\n",
                more);
        case DaemonState::kPaused:
            return fmt::format("\nThe daemon runs, but is paused.\nNext: runner resume{}\n", more);
        case DaemonState::kServiceStopped:
            return "\nThe service is installed, but does not run.\nNext: runner start\n";
        case DaemonState::kNone: break;
    }
    return fmt::format("\nNo daemon runs yet.\nNext: runner run{}\n", more);
}

}  // namespace runner::commands
