#include <fmt/format.h>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/parse.hpp"
#include "protocol/http/url.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/refusals.hpp"
#include "runner/commands/register_entry.hpp"
#include "runner/commands/run_daemon.hpp"
#include "runner/config/inspect.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using config::Node;

namespace {

/// The values of flags over those of `from`, table by table.
void put_over(Node& from, const Node& flags) {
    for (const auto& [key, position, value] : flags.entries) {
        Node* present = from.find(key);
        if (present != nullptr && present->is_table() && value.is_table())
            put_over(*present, value);
        else
            from.set(key, value);
    }
}

/// The entry of the file that --runner names.
base::Result<Node> entry_of_file(const fs::path& path, const std::string& name) {
    auto text = config::read_config_text(path);
    if (!text) return text.error();
    auto root = config::parse_toml(*text, path.string());
    if (!root) return root.error();
    for (const Node* entry : config::tables_named(*root, "runners")) {
        if (text_of(*entry, "name") == name) return *entry;
    }
    return base::make_error(base::ErrorKind::kNotFound,
                            fmt::format("no runner in {} is called \"{}\"", path.string(), name));
}

base::Result<Node> entry_for(const Values& values, const fs::path& path) {
    auto given = entry_from(values);
    if (!given) return given.error();
    auto token = secret_value(values, "token");
    if (!token) return token.error();
    if (!token->empty()) given->set("token", Node::string(*token));
    if (!values.has("runner")) return given;
    auto entry = entry_of_file(path, values.text("runner"));
    if (entry) put_over(*entry, *given);
    return entry;
}

base::Result<int> count_flag(const Values& values, const std::string& flag) {
    if (!values.has(flag)) return 0;
    const auto given = base::parse_number<int>(values.text(flag));
    if (given && *given >= 0) return *given;
    return base::invalid_input(fmt::format("--{} must be a whole number", flag));
}

/// What is missing comes first: the findings about it speak of a file.
base::Result<void> check_complete(const config::RunnerConfig& runner) {
    Refusals refused;
    if (runner.url.empty()) {
        refused.add("--url is missing");
    } else if (auto url = protocol::http::parse_url(runner.url); !url) {
        refused.add("--url: " + url.error().message);
    }
    if (runner.token.empty()) refused.add("--token or --token-file is missing");
    if (!runner.executor_kind())
        refused.add("--executor must be one that this program has: docker, shell or custom");
    return refused.outcome();
}

base::Result<void> check(const config::Inspection& inspection) {
    auto complete = check_complete(inspection.config.runners.front());
    if (!complete) return complete;
    for (const auto& finding : inspection.findings) {
        if (finding.severity == config::Finding::Severity::kError)
            return base::invalid_input(finding.text);
        if (finding.severity == config::Finding::Severity::kWarning)
            base::log::warning(finding.text);
    }
    return {};
}

base::Result<std::shared_ptr<config::Config>> config_of(const Values& values,
                                                        const fs::path& path) {
    auto entry = entry_for(values, path);
    if (!entry) return entry.error();
    if (text_of(*entry, "name").empty()) entry->set("name", Node::string("single"));
    auto limit = count_flag(values, "shutdown-timeout");
    if (!limit) return limit.error();
    Node root = Node::table();
    root.set("concurrent", Node::of_integer(1));
    root.set("shutdown_timeout", Node::of_integer(*limit));
    root.set("runners", Node::array({std::move(*entry)}));
    auto inspection = config::inspect(root, path);
    if (auto good = check(inspection); !good) return good.error();
    return std::make_shared<config::Config>(std::move(inspection.config));
}

constexpr std::size_t kNameLength = 16;

/// Its own: the daemon of the configuration may run beside it. A token may hold any characters, so
/// it is no part of the path.
fs::path state_directory(const fs::path& path, const config::RunnerConfig& runner) {
    fs::path usual = journal::state_directory_for(path);
    const char* given = std::getenv("STATE_DIRECTORY");
    if (given != nullptr && *given != '\0') return usual;
    return usual.parent_path() / (usual.filename().string() + "-single") /
           base::sha256_hex(runner.url + '\n' + runner.token.reveal()).substr(0, kNameLength);
}

base::Result<daemon::DaemonOptions> options_from(const Values& values) {
    auto jobs = count_flag(values, "max-builds");
    if (!jobs) return jobs.error();
    auto idle = count_flag(values, "wait-timeout");
    if (!idle) return idle.error();
    const auto path = fs::absolute(config_path(values));
    auto config = config_of(values, path);
    if (!config) return config.error();
    daemon::DaemonOptions options;
    options.config_path = path;
    options.state_dir = state_directory(path, (*config)->runners.front());
    options.fixed_config = std::move(*config);
    options.end_after = {*jobs, std::chrono::seconds(*idle)};
    options.configure_log = [values](const config::Config&) { return configure_log(values); };
    return options;
}

int run_single(const Values& values) {
    auto options = options_from(values);
    if (!options) return fail(options.error());
    return run_daemon(std::move(*options));
}

}  // namespace

Command run_single_command() {
    std::vector<Flag> flags{
        config_flag(),
        text_flag({"runner", "r"}, "NAME", "take the values of this runner of the configuration"),
        text_flag({"token-file"}, "FILE", "file with the token, - for standard input"),
        text_flag({"wait-timeout"}, "SECONDS", "leave when no job ran for so long; 0: never"),
        text_flag({"max-builds"}, "COUNT", "leave after so many jobs; 0: never"),
        text_flag({"shutdown-timeout"}, "SECONDS", "for stopped jobs to clean up; default: 30"),
    };
    for (Flag& flag : entry_flags()) flags.push_back(std::move(flag));
    return {.name = "run-single",
            .summary = "run the jobs of one runner, without a configuration file",
            .usage = "[flags]",
            .description =
                "Asks GitLab for jobs of one runner, whose settings are flags, and runs them one "
                "after another: for runners that are made for\n"
                "a few jobs. SIGQUIT waits for the running job and leaves; SIGTERM and SIGINT stop "
                "it first. The token is not rotated.",
            .examples =
                "  runner run-single --url https://gitlab.example.com --token-file token "
                "--executor shell --max-builds 1\n"
                "  runner run-single --runner builder-1 --wait-timeout 600\n",
            .flags = std::move(flags),
            .run = run_single};
}

}  // namespace runner::commands
