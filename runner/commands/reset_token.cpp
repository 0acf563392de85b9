#include <fmt/format.h>

#include "base/clock.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/config/edit.hpp"

namespace runner::commands {

namespace {

base::Result<const config::RunnerConfig*> choose_renewed(const config::Config& config,
                                                         const Values& values) {
    const std::string name = values.text("name");
    const std::string url = values.text("url");
    const std::string id = values.text("id");
    if (name.empty() && (url.empty() || id.empty())) {
        return base::invalid_input(
            "which runner? Give --name, or --url with --id, or --all-runners");
    }
    for (const auto& runner : config.runners) {
        const bool by_id = runner.url == url && std::to_string(runner.id) == id;
        if (name.empty() ? by_id : runner.name == name) return &runner;
    }
    return base::make_error(base::ErrorKind::kNotFound,
                            fmt::format("no runner in {} {}", config.path.string(),
                                        name.empty() ? "has this address and id"
                                                     : fmt::format("is called \"{}\"", name)));
}

base::Result<void> reset_one(const std::filesystem::path& path, const config::RunnerConfig& runner,
                             const base::Secret& access_token) {
    auto session = GitlabSession::open(runner);
    if (!session) return session.error();
    if (!access_token.empty() && runner.id == 0) {
        return base::invalid_input(
            "the entry has no id, which an access token needs: register the runner again");
    }
    auto answer = access_token.empty() ? (*session)->reset_token(runner.token)
                                       : (*session)->reset_token_of(runner.id, access_token);
    if (!answer) return answer.error();
    // The old token no longer works from here on, so the new one must be written to the file.
    const config::TokenDates dates{base::rfc3339_utc(base::unix_micros_now() / 1000000),
                                   toml_date(answer->token_expires_at)};
    return edit_entry(path, runner, [&](const std::string& text, std::size_t index) {
        return config::replace_token(text, index, answer->token, dates);
    });
}

int reset_token(const Values& values) {
    announce_platform();
    const auto path = config_path(values);
    auto config = load_entries(path);
    if (!config) return fail(config.error());
    auto access_token = secret_value(values, "pat");
    if (!access_token) return fail(access_token.error());
    std::vector<const config::RunnerConfig*> chosen;
    if (values.flag("all-runners")) {
        for (const auto& runner : config->runners) chosen.push_back(&runner);
    } else {
        auto one = choose_renewed(*config, values);
        if (!one) return fail(one.error());
        chosen.push_back(*one);
    }
    std::size_t failed = 0;
    for (const auto* runner : chosen) {
        auto done = reset_one(path, *runner, base::Secret(*access_token));
        const std::string short_token = config::short_token(runner->token);
        if (done) {
            base::log::info("Resetting runner token... succeeded", {{"runner", short_token}});
            continue;
        }
        ++failed;
        base::log::error("Resetting runner token... failed",
                         {{"runner", short_token}, {"error", done.error().message}});
    }
    if (failed < chosen.size()) base::log::info(fmt::format("Updated {}", path.string()));
    if (failed == 0) return 0;
    return fail(fmt::format("{} of {} tokens could not be reset", failed, chosen.size()));
}

}  // namespace

Command reset_token_command() {
    return {
        .name = "reset-token",
        .summary = "get a new authentication token",
        .usage = "[flags]",
        .description =
            "Gets a new authentication token and writes it into the configuration. The old one "
            "stops working at once, also for\n"
            "other machines that share it. With an access token (--pat) this works for an expired "
            "one, too.",
        .examples =
            "  runner reset-token --name builder-1\n"
            "  runner reset-token --url https://gitlab.example.com --id 42 --pat-file ~/.pat\n",
        .flags = {config_flag(), text_flag({"name", "n"}, "NAME", "the runner of this name"),
                  text_flag({"url", "u"}, "URL", "with --id: the runner at this address",
                            "CI_SERVER_URL"),
                  text_flag({"id", "i"}, "ID", "its number at GitLab"),
                  bool_flag({"all-runners"}, "all of them"),
                  text_flag({"pat"}, "TOKEN", "a person's access token; better: --pat-file", "PAT"),
                  text_flag({"pat-file"}, "FILE", "file with the same, - for standard input")},
        .run = reset_token};
}

}  // namespace runner::commands
