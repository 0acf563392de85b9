#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/daemon/kept_tokens.hpp"

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

/// Writes a new token into the file. Where that fails, the token is kept for the daemon.
base::Result<void> keep_or_write(const std::filesystem::path& path, daemon::NewToken token) {
    const auto written = daemon::write_token(path, token);
    if (written && *written) return {};
    if (written) {
        return base::make_error(base::ErrorKind::kConflict,
                                "GitLab has replaced the token, but the entry is not in the file "
                                "any more: somebody else changed it");
    }
    auto kept = daemon::KeptTokens::beside(path);
    if (auto saved = kept.keep(std::move(token)); !saved) {
        return written.error().with_context(
            fmt::format("GitLab has replaced the token, and the new one is lost, because it can be "
                        "written neither here nor into {} ({}): get another one with --pat-file",
                        kept.file().string(), saved.error().message));
    }
    return written.error().with_context(
        fmt::format("GitLab has replaced the token, and the new one is kept in {}, from where "
                    "`runner run` takes it at its start and at SIGHUP",
                    kept.file().string()));
}

base::Result<void> reset_one(const std::filesystem::path& path, const config::RunnerConfig& runner,
                             const base::Secret& access_token) {
    auto session = GitlabSession::open(runner);
    if (!session) return session.error();
    if (!access_token.empty() && runner.id == 0) {
        return base::invalid_input(
            "the entry has no id, which an access token needs: register the runner again");
    }
    if (auto possible = daemon::check_token_edit(path, runner); !possible) {
        return possible.error().with_context(
            "the token was not replaced, because the new one could not be saved");
    }
    auto answer = access_token.empty() ? (*session)->reset_token(runner.token)
                                       : (*session)->reset_token_of(runner.id, access_token);
    if (!answer) return answer.error();
    // The old token no longer works from here on.
    const config::TokenDates dates{base::rfc3339_utc(base::unix_micros_now() / 1000000),
                                   toml_date(answer->token_expires_at)};
    return keep_or_write(path, {runner.url, runner.token, answer->token, dates});
}

/// The runners that are asked for, once for each token: entries that share one get the new one
/// together.
base::Result<std::vector<const config::RunnerConfig*>> choose(const config::Config& config,
                                                              const Values& values) {
    std::vector<const config::RunnerConfig*> chosen;
    if (!values.flag("all-runners")) {
        auto one = choose_renewed(config, values);
        if (!one) return one.error();
        return std::vector{*one};
    }
    for (const auto& runner : config.runners) {
        const bool shared = std::any_of(chosen.begin(), chosen.end(), [&](const auto* other) {
            return other->url == runner.url && other->token == runner.token;
        });
        if (!shared) chosen.push_back(&runner);
    }
    return chosen;
}

int reset_token(const Values& values) {
    announce_platform();
    const auto path = config_path(values);
    write_kept_tokens(path);
    auto config = load_entries(path);
    if (!config) return fail(config.error());
    auto access_token = secret_value(values, "pat");
    if (!access_token) return fail(access_token.error());
    const auto chosen = choose(*config, values);
    if (!chosen) return fail(chosen.error());
    std::size_t failed = 0;
    for (const auto* runner : *chosen) {
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
    if (failed < chosen->size()) base::log::info(fmt::format("Updated {}", path.string()));
    if (failed == 0) return 0;
    return fail(fmt::format("{} of {} tokens could not be reset", failed, chosen->size()));
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
