#include <fmt/format.h>

#include <algorithm>

#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/runner_entry.hpp"

namespace runner::commands {

namespace {

bool is_selected(const config::RunnerConfig& runner, const Values& values) {
    const std::string name = values.text("name");
    const std::string token = values.text("token");
    const std::string url = values.text("url");
    if (name.empty() && token.empty() && url.empty()) return true;
    if (!name.empty() && runner.name == name) return true;
    if (!token.empty()) return runner.token.reveal() == token && (url.empty() || runner.url == url);
    return name.empty() && runner.url == url;
}

/// What GitLab says of a runner.
struct Verdict {
    const config::RunnerConfig* runner = nullptr;
    std::string state;  ///< valid, alive, removed, failed
    std::string error;  ///< of failed
};

Verdict ask(const config::Config& config, const config::RunnerConfig& runner,
            const std::string& system_id) {
    auto session = GitlabSession::open(runner);
    if (!session) return {&runner, "failed", session.error().message};
    auto answer = (*session)->verify(runner.token, system_id, daemon::runner_info(config, runner));
    if (answer) return {&runner, answer->id != 0 ? "valid" : "alive", ""};
    // Only this answer proves that the runner is gone.
    if (answer.error().is(base::ErrorKind::kForbidden)) return {&runner, "removed", ""};
    return {&runner, "failed", answer.error().message};
}

void log_verdict(const Verdict& verdict) {
    const std::string short_token = config::short_token(verdict.runner->token);
    const std::string text = "Verifying runner... ";
    if (verdict.state == "failed") {
        base::log::error(text + verdict.state, {{"runner", short_token}, {"error", verdict.error}});
    } else if (verdict.state == "removed") {
        base::log::error(text + "is removed", {{"runner", short_token}});
    } else {
        base::log::info(text + "is " + verdict.state, {{"runner", short_token}});
    }
}

nlohmann::ordered_json as_json(const std::vector<Verdict>& verdicts) {
    auto list = nlohmann::ordered_json::array();
    for (const Verdict& verdict : verdicts) {
        list.push_back({{"name", verdict.runner->name},
                        {"id", verdict.runner->id},
                        {"url", verdict.runner->url},
                        {"short_token", config::short_token(verdict.runner->token)},
                        {"state", verdict.state},
                        {"error", verdict.error}});
    }
    return list;
}

std::vector<Verdict> ask_all(const config::Config& config, const Values& values,
                             const std::string& system_id) {
    std::vector<Verdict> verdicts;
    for (const auto& runner : config.runners) {
        if (!is_selected(runner, values)) continue;
        const bool no_token = runner.token.empty();
        verdicts.push_back(no_token ? Verdict{&runner, "failed", "the entry has no token"}
                                    : ask(config, runner, system_id));
        log_verdict(verdicts.back());
    }
    return verdicts;
}

/// A runner about which nothing was learnt is not verified.
int report_failed(const std::vector<Verdict>& verdicts) {
    const auto count = std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
        return verdict.state == "failed";
    });
    if (count == 0) return 0;
    return fail(
        fmt::format("{} of {} runners could not be verified: see above; nothing is known "
                    "about them",
                    count, verdicts.size()));
}

int take_away(const std::filesystem::path& path, const std::vector<Verdict>& verdicts,
              bool really) {
    std::vector<const config::RunnerConfig*> removed;
    for (const Verdict& verdict : verdicts) {
        if (verdict.state == "removed") removed.push_back(verdict.runner);
    }
    if (removed.empty()) return 0;
    if (!really) {
        return fail(fmt::format(
            "{} of {} runners are not known to GitLab any more; `runner verify --delete` takes "
            "them out of the configuration",
            removed.size(), verdicts.size()));
    }
    for (const auto* runner : removed) {
        if (auto done = remove_entry(path, *runner); !done) return fail(done.error());
    }
    base::log::info(fmt::format("Updated {}", path.string()));
    return 0;
}

int verify(const Values& values) {
    announce_platform();
    const auto path = config_path(values);
    if (values.flag("delete")) write_kept_tokens(path);
    auto config = load_entries(path);
    if (!config) return fail(config.error());
    const auto system_id = config::load_system_id(path);
    const auto verdicts = ask_all(*config, values, system_id.value);
    if (wants_json(values)) print_json(as_json(verdicts));
    const bool any_selector = values.has("name") || values.has("token") || values.has("url");
    if (verdicts.empty() && any_selector)
        return fail(fmt::format("no runner in {} matches", path.string()));
    const int failed = report_failed(verdicts);
    const int removed = take_away(path, verdicts, values.flag("delete"));
    return std::max(failed, removed);
}

}  // namespace

Command verify_command() {
    return {
        .name = "verify",
        .summary = "ask GitLab whether the runners are still valid",
        .usage = "[flags]",
        .description =
            "Asks GitLab whether the runners in the configuration, or the selected ones, are still "
            "valid. Only the answer\n"
            "\"forbidden\" means that a runner is gone; a server that cannot be reached proves "
            "nothing. Exit code 1 when\n"
            "a runner is gone, or could not be asked.",
        .examples =
            "  runner verify\n"
            "  runner verify --name builder-1\n"
            "  runner verify --delete\n",
        .flags = {config_flag(), text_flag({"name", "n"}, "NAME", "only the runner of this name"),
                  text_flag({"url", "u"}, "URL", "only with this address"),
                  text_flag({"token", "t"}, "TOKEN", "only with this token"),
                  bool_flag({"delete"}, "take runners that are gone out of the configuration"),
                  format_flag()},
        .run = verify};
}

}  // namespace runner::commands
