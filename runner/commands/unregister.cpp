#include <fmt/format.h>

#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"
#include "runner/commands/gitlab_session.hpp"
#include "runner/config/system_id.hpp"

namespace runner::commands {

namespace {

base::Result<const config::RunnerConfig*> choose_leaving(const config::Config& config,
                                                         const Values& values) {
    const std::string name = values.text("name");
    const std::string token = values.text("token");
    const std::string url = values.text("url");
    if (name.empty() && token.empty()) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "which runner? Give --name, --token or --all-runners");
    }
    for (const auto& runner : config.runners) {
        if (!name.empty() && runner.name != name) continue;
        if (!token.empty() && runner.token.reveal() != token) continue;
        if (name.empty() && !url.empty() && runner.url != url) continue;
        return &runner;
    }
    return base::make_error(
        base::ErrorKind::kNotFound,
        fmt::format("no runner in {} {}", config.path.string(),
                    name.empty() ? "has this token" : fmt::format("is called \"{}\"", name)));
}

/// TLS files on the command line win: the certificates of the server may have changed since the
/// runner was registered.
config::RunnerConfig with_flags(config::RunnerConfig runner, const Values& values) {
    if (values.has("tls-ca-file")) runner.tls_ca_file = values.text("tls-ca-file");
    if (values.has("tls-cert-file")) runner.tls_cert_file = values.text("tls-cert-file");
    if (values.has("tls-key-file")) runner.tls_key_file = values.text("tls-key-file");
    return runner;
}

bool unregister_one(const std::filesystem::path& path, const config::RunnerConfig& runner,
                    const std::string& system_id, const Values& values) {
    const std::string what = is_created_token(runner.token)
                                 ? "Unregistering runner manager from GitLab"
                                 : "Unregistering runner from GitLab";
    const std::string short_token = config::short_token(runner.token);
    if (auto possible = check_removal(path, runner); !possible) {
        base::log::error("The entry cannot be removed, so GitLab was not asked",
                         {{"runner", short_token}, {"error", possible.error().message}});
        return false;
    }
    auto session = GitlabSession::open(with_flags(runner, values));
    auto done = session ? (*session)->unregister(runner.token, system_id)
                        : base::Result<void>(session.error());
    if (!done) {
        base::log::error(what + " failed",
                         {{"runner", short_token}, {"error", done.error().message}});
        return false;
    }
    base::log::info(what + " succeeded", {{"runner", short_token}});
    return true;
}

int unregister(const Values& values) {
    announce_platform();
    const auto path = config_path(values);
    write_kept_tokens(path);
    auto config = load_entries(path);
    if (!config) return fail(config.error());
    const auto system_id = config::load_system_id(path);
    std::vector<const config::RunnerConfig*> chosen;
    if (values.flag("all-runners")) {
        base::log::warning("Unregistering all runners");
        for (const auto& runner : config->runners) chosen.push_back(&runner);
    } else {
        auto one = choose_leaving(*config, values);
        if (!one) return fail(one.error());
        chosen.push_back(*one);
    }
    std::size_t done = 0;
    for (const auto* runner : chosen) {
        if (!unregister_one(path, *runner, system_id.value, values)) continue;
        if (auto removed = remove_entry(path, *runner); !removed) {
            return fail(removed.error().with_context(
                "GitLab has forgotten the runner, but its entry cannot be removed (later: `runner "
                "verify --delete`)"));
        }
        ++done;
    }
    if (done > 0) base::log::info(fmt::format("Updated {}", path.string()));
    if (done == chosen.size()) return 0;
    return fail(
        fmt::format("{} of {} runners could not be unregistered and stay in the configuration",
                    chosen.size() - done, chosen.size()));
}

}  // namespace

Command unregister_command() {
    return {
        .name = "unregister",
        .summary = "take a runner back",
        .usage = "[flags]",
        .description =
            "Takes a runner back at GitLab and out of the configuration. A runner that was made in "
            "GitLab (glrt-…) stays there;\n"
            "only this machine is forgotten.",
        .examples =
            "  runner unregister --name builder-1\n"
            "  runner unregister --url https://gitlab.example.com --token \"$TOKEN\"\n"
            "  runner unregister --all-runners\n",
        .flags =
            {config_flag(), text_flag({"name", "n"}, "NAME", "the runner of this name"),
             text_flag({"token", "t"}, "TOKEN", "the runner with this token", "CI_SERVER_TOKEN"),
             text_flag({"url", "u"}, "URL", "and this address", "CI_SERVER_URL"),
             bool_flag({"all-runners"}, "all of them"),
             text_flag({"tls-ca-file"}, "FILE", "certificates to trust", "CI_SERVER_TLS_CA_FILE"),
             text_flag({"tls-cert-file"}, "FILE", "client certificate", "CI_SERVER_TLS_CERT_FILE"),
             text_flag({"tls-key-file"}, "FILE", "its key", "CI_SERVER_TLS_KEY_FILE")},
        .run = unregister};
}

}  // namespace runner::commands
