#include <fmt/format.h>

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

/// True when GitLab answers that it does not know the runner. Every other failure is logged and
/// answers false.
bool is_removed(const config::Config& config, const config::RunnerConfig& runner,
                const std::string& system_id) {
    const std::string short_token = config::short_token(runner.token);
    auto session = GitlabSession::open(runner);
    if (!session) {
        base::log::error("Verifying runner... failed",
                         {{"runner", short_token}, {"error", session.error().message}});
        return false;
    }
    auto answer = (*session)->verify(runner.token, system_id, daemon::runner_info(config, runner));
    if (answer) {
        base::log::info(
            answer->id != 0 ? "Verifying runner... is valid" : "Verifying runner... is alive",
            {{"runner", short_token}});
        return false;
    }
    if (answer.error().is(base::ErrorKind::kForbidden)) {
        base::log::error("Verifying runner... is removed", {{"runner", short_token}});
        return true;
    }
    base::log::error("Verifying runner... failed",
                     {{"runner", short_token}, {"error", answer.error().message}});
    return false;
}

int verify(const Values& values) {
    announce_platform();
    const auto path = config_path(values);
    if (values.flag("delete")) write_kept_tokens(path);
    auto config = load_entries(path);
    if (!config) return fail(config.error());
    const auto system_id = config::load_system_id(path);
    int selected = 0;
    std::vector<const config::RunnerConfig*> removed;
    for (const auto& runner : config->runners) {
        if (!is_selected(runner, values)) continue;
        ++selected;
        if (!runner.token.empty() && is_removed(*config, runner, system_id.value))
            removed.push_back(&runner);
    }
    const bool any_selector = values.has("name") || values.has("token") || values.has("url");
    if (selected == 0 && any_selector)
        return fail(fmt::format("no runner in {} matches", path.string()));
    if (removed.empty()) return 0;
    if (!values.flag("delete")) {
        return fail(fmt::format(
            "{} of {} runners are not known to GitLab any more; `runner verify --delete` takes "
            "them out of the configuration",
            removed.size(), selected));
    }
    for (const auto* runner : removed) {
        if (auto done = remove_entry(path, *runner); !done) return fail(done.error());
    }
    base::log::info(fmt::format("Updated {}", path.string()));
    return 0;
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
            "nothing.",
        .examples =
            "  runner verify\n"
            "  runner verify --name builder-1\n"
            "  runner verify --delete\n",
        .flags = {config_flag(), text_flag({"name", "n"}, "NAME", "only the runner of this name"),
                  text_flag({"url", "u"}, "URL", "only with this address"),
                  text_flag({"token", "t"}, "TOKEN", "only with this token"),
                  bool_flag({"delete"}, "take runners that are gone out of the configuration")},
        .run = verify};
}

}  // namespace runner::commands
