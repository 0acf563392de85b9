#include "runner/config/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/names.hpp"
#include "base/secret_file.hpp"
#include "base/strings.hpp"
#include "runner/config/known_feature_flags.hpp"
#include "runner/config/value.hpp"

namespace runner::config::validation {

namespace {

constexpr std::array<std::string_view, 11> kExecutors = {
    "shell",    "docker", "docker-windows", "docker+machine", "docker-autoscaler",
    "instance", "ssh",    "kubernetes",     "virtualbox",     "parallels",
    "custom"};

void check_url(RunnerConfig& runner, const Node& node, Reporter& report) {
    expand(runner.url, "url", node, report);
    const Position position = position_of(node, "url");
    if (runner.url.empty()) {
        report.warning(
            position,
            fmt::format("runner \"{}\" has no url and is skipped: it is the address of GitLab, "
                        "such as \"https://gitlab.example.com\"",
                        runner.name));
        return;
    }
    const std::string lower = base::to_lower(runner.url);
    if (!lower.starts_with("http://") && !lower.starts_with("https://")) {
        report.warning(
            position,
            fmt::format("runner \"{}\" is skipped: its url must begin with http:// or https://",
                        runner.name));
    } else if (host_of(runner.url).empty()) {
        report.warning(position,
                       fmt::format("runner \"{}\" is skipped: its url names no host", runner.name));
    } else if (lower.ends_with("/ci") || lower.ends_with("/ci/")) {
        report.note(
            position,
            "runners.url ends in /ci, as it did long ago: the address of GitLab itself is enough");
    }
}

/// Takes the token from token_file. Whether it was found.
bool read_token_file(RunnerConfig& runner, const Node& node, Reporter& report) {
    expand(runner.token_file, "token_file", node, report);
    if (!runner.token.empty()) {
        report.error(position_of(node, "token_file"),
                     "runners.token and runners.token_file exclude each other: keep one of them");
        return true;
    }
    auto token = base::read_token_file(runner.token_file);
    if (!token) {
        report.warning(position_of(node, "token_file"),
                       fmt::format("runner \"{}\" is skipped: its token_file: {}", runner.name,
                                   token.error().message));
        return false;
    }
    runner.token = std::move(*token);
    return true;
}

void check_token(RunnerConfig& runner, const Node& node, Reporter& report) {
    if (!runner.token_file.empty() && !read_token_file(runner, node, report)) return;
    std::string token = runner.token.reveal();
    if (runner.token_file.empty()) expand(token, "token", node, report);
    runner.token = base::Secret(std::string(base::trim(token)));
    if (runner.token.empty()) {
        report.warning(position_of(node, "token"),
                       fmt::format("runner \"{}\" has no token and is skipped: register it again",
                                   runner.name));
    }
}

void check_executor(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const Position position = position_of(node, "executor");
    if (runner.executor_kind()) return;
    if (runner.executor.empty()) {
        report.warning(
            position,
            fmt::format("runner \"{}\" names no executor and takes no jobs: set executor = "
                        "\"docker\", \"shell\" or \"custom\"",
                        runner.name));
        return;
    }
    if (std::find(kExecutors.begin(), kExecutors.end(), runner.executor) != kExecutors.end()) {
        report.warning(
            position,
            fmt::format("runner \"{}\" asks for executor \"{}\", which this program does not "
                        "have, and takes no jobs: there are {}",
                        runner.name, runner.executor, executors::kExecutorNames));
        return;
    }
    const std::string near = base::nearest(runner.executor, {"docker", "shell", "custom"});
    report.warning(
        position,
        fmt::format("runner \"{}\" asks for executor \"{}\", which does not exist, and takes "
                    "no jobs{}",
                    runner.name, runner.executor,
                    near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

/// A name stands in tables, log lines and messages, each of which is one line.
void check_name(RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    if (std::none_of(runner.name.begin(), runner.name.end(), is_control)) return;
    std::replace_if(runner.name.begin(), runner.name.end(), is_control, '?');
    report.warning(
        position_of(node, "name"),
        fmt::format("runner \"{}\": its name has control characters, which are shown as ?",
                    runner.name));
}

void check_shell(const RunnerConfig& runner, const Node& node, Reporter& report) {
    if (runner.shell.empty() || runner.shell == "bash" || runner.shell == "sh") return;
    report.warning(position_of(node, "shell"),
                   fmt::format("runner \"{}\" asks for shell \"{}\", so its jobs will fail: "
                               "use bash or sh",
                               runner.name, runner.shell));
}

void check_feature_flags(const RunnerConfig& runner, const Node& node, Reporter& report) {
    for (const auto& [name, value] : runner.feature_flags) {
        const Position position = position_of(node, "feature_flags." + name);
        const KnownFeatureFlag* flag = find_feature_flag(name);
        if (flag == nullptr) {
            std::vector<std::string> names;
            for (const auto& known : known_feature_flags()) names.emplace_back(known.name);
            const std::string near = base::nearest(name, names);
            report.warning(
                position,
                fmt::format("runners.feature_flags: there is no feature flag \"{}\"{}", name,
                            near.empty() ? "" : "; did you mean \"" + near + "\"?"));
        } else if (value != flag->by_default && !flag->no_effect.empty()) {
            report.no_effect(position, fmt::format("runners.feature_flags.{} has no effect: {}",
                                                   name, flag->no_effect));
        }
    }
}

void check_pairs(const std::vector<std::string>& pairs, std::string_view key, const Node& node,
                 Reporter& report) {
    const Node* list = node.at(key);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto equals = pairs[i].find('=');
        if (equals != std::string::npos && equals > 0) continue;
        const bool has_place = list != nullptr && i < list->items.size();
        // Its text may be a secret.
        report.warning(
            has_place ? list->items[i].begin : position_of(node, key),
            fmt::format("runners.{}: element {} is not of the form NAME=VALUE and is skipped", key,
                        i + 1));
    }
}

/// ^[a-zA-Z0-9_][a-zA-Z0-9._-]{2,64}$ = ^[a-zA-Z0-9._-]{1,256}$
bool is_label(const std::string& key, const std::string& value) {
    constexpr base::NameRule kCharacters{.also = ".-"};
    return key.size() >= 3 && key.size() <= 65 && key[0] != '.' && key[0] != '-' &&
           base::is_name(key, kCharacters) && value.size() <= 256 &&
           base::is_name(value, kCharacters);
}

void check_labels(const Config& config, const RunnerConfig& runner, const Node& node,
                  Reporter& report) {
    auto all = config.labels;
    for (const auto& [key, value] : runner.labels) all[key] = value;
    for (const auto& [key, value] : all) {
        if (is_label(key, value)) continue;
        report.error(
            position_of(node, "labels"),
            fmt::format(
                "label \"{}\" is not allowed: names have 3 to 65 and values 1 to 256 letters, "
                "digits, dots, dashes or underscores",
                key));
    }
    if (all.size() > 32) {
        report.error(position_of(node, "labels"),
                     fmt::format("{} labels are too many: GitLab takes 32", all.size()));
    }
}

}  // namespace

Position position_of(const Node& node, std::string_view path) {
    const Node* found = node.at(path);
    return found != nullptr ? found->begin : node.begin;
}

void expand(std::string& text, std::string_view key, const Node& node, Reporter& report) {
    std::vector<std::string> missing;
    text = expand_environment(text, missing);
    for (const auto& name : missing) {
        report.warning(
            position_of(node, key),
            fmt::format("runners.{} uses ${}, which is not set in the environment", key, name));
    }
}

void check_file(std::string& path, std::string_view key, const Node& node, Reporter& report) {
    expand(path, key, node, report);
    std::error_code ignored;
    if (path.empty() || std::filesystem::exists(path, ignored)) return;
    report.warning(position_of(node, key),
                   fmt::format("runners.{}: there is no file {}", key, path));
}

void apply_defaults(Config& config) {
    const auto at_least_one = [](int& value, int otherwise) {
        if (value < 1) value = otherwise;
    };
    at_least_one(config.check_interval_seconds, 3);
    at_least_one(config.shutdown_timeout_seconds, 30);
    at_least_one(config.session_server.session_timeout_seconds, 1800);
    for (auto& runner : config.runners) {
        at_least_one(runner.request_concurrency, 1);
        at_least_one(runner.unhealthy_requests_limit, 3);
        at_least_one(runner.job_status_final_update_retry_limit, 10);
        if (runner.unhealthy_interval <= std::chrono::nanoseconds::zero()) {
            runner.unhealthy_interval = std::chrono::minutes(60);
        }
        if (runner.output_limit_bytes <= 0) runner.output_limit_bytes = 4096 * 1024;
        for (int* seconds :
             {&runner.custom.config_exec_timeout, &runner.custom.prepare_exec_timeout,
              &runner.custom.cleanup_exec_timeout})
            at_least_one(*seconds, 3600);
        at_least_one(runner.custom.graceful_kill_timeout, 600);
        at_least_one(runner.custom.force_kill_timeout, 600);
        if (runner.docker.wait_for_services_timeout_seconds == 0) {
            runner.docker.wait_for_services_timeout_seconds = 30;
        }
    }
}

void check_runner(Config& config, RunnerConfig& runner, const Node& node, Reporter& report) {
    check_name(runner, node, report);
    check_url(runner, node, report);
    check_token(runner, node, report);
    check_executor(runner, node, report);
    check_shell(runner, node, report);
    use_certificates_beside(config.path, runner);
    check_file(runner.tls_ca_file, "tls-ca-file", node, report);
    check_file(runner.tls_cert_file, "tls-cert-file", node, report);
    check_file(runner.tls_key_file, "tls-key-file", node, report);
    if (runner.tls_cert_file.empty() != runner.tls_key_file.empty()) {
        report.error(node.begin, "runners.tls-cert-file and runners.tls-key-file belong together");
    }
    check_pairs(runner.environment, "environment", node, report);
    check_feature_flags(runner, node, report);
    check_docker(runner, node, report);
    check_custom(runner, node, report);
    check_dind(runner, node, report);
    check_registries(runner, node, report);
    check_cache(runner, node, report);
    check_monitoring(runner, node, report);
}

namespace {

/// What works, and not as well as it looks.
void check_places(const Config& config, const Node& root, Reporter& report) {
    const auto usable = std::count_if(
        config.runners.begin(), config.runners.end(),
        [](const auto& runner) { return !runner.token.empty() && runner.executor_kind(); });
    if (config.concurrent >= 1 && usable > config.concurrent) {
        report.note(position_of(root, "concurrent"),
                    fmt::format("{} runners share concurrent = {}: they are asked in turn, and "
                                "GitLab cannot hold their requests until there is a job",
                                usable, config.concurrent));
    }
}

void check_disk(const Config& config, const Node& root, Reporter& report) {
    if (const auto marks = config.disk.space(); !marks)
        report.error(position_of(root, "disk"), marks.error().message);
    if (const auto marks = config.disk.inodes(); !marks)
        report.error(position_of(root, "disk"), marks.error().message);
    for (auto& doubt : config.disk.doubts())
        report.warning(position_of(root, "disk"), std::move(doubt));
}

void check_limit(const Config& config, const RunnerConfig& runner, const Node& node,
                 Reporter& report) {
    if (config.concurrent < 1 || runner.limit <= config.concurrent) return;
    report.note(position_of(node, "limit"),
                fmt::format("runners.limit = {} is never reached: concurrent = {} for all runners",
                            runner.limit, config.concurrent));
}

}  // namespace

void check_whole(const Config& config, const Node& root, Reporter& report) {
    check_places(config, root, report);
    check_disk(config, root, report);
    if (config.status.recent_jobs < 0) {
        report.error(position_of(root, "status.recent_jobs"),
                     fmt::format("status.recent_jobs is {}: write how many ended jobs are "
                                 "remembered, 0 for none",
                                 config.status.recent_jobs));
    }
    const auto tables = tables_named(root, "runners");
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < config.runners.size(); ++i) {
        const auto& runner = config.runners[i];
        const Node& node = *tables.at(i);
        report.enter(i);
        check_labels(config, runner, node, report);
        check_limit(config, runner, node, report);
        if (runner.token.empty() || seen.emplace(runner.url, runner.token.reveal()).second)
            continue;
        report.note(position_of(node, "token"),
                    fmt::format("runner \"{}\" has the token of another entry", runner.name));
    }
}

}  // namespace runner::config::validation
