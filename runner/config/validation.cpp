#include "runner/config/rules.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/names.hpp"
#include "base/strings.hpp"
#include "runner/config/value.hpp"

namespace runner::config::rules {

namespace {

constexpr std::array<std::string_view, 11> kExecutors = {
    "shell",    "docker", "docker-windows", "docker+machine", "docker-autoscaler",
    "instance", "ssh",    "kubernetes",     "virtualbox",     "parallels",
    "custom"};

/// Where a key of an entry stands; the entry's header when it is not there.
Position place_of(const Node& node, std::string_view path) {
    const Node* found = node.at(path);
    return found != nullptr ? found->begin : node.begin;
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

bool is_address(const std::string& text) {
    std::array<unsigned char, 16> buffer{};
    return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

void expand(std::string& text, std::string_view key, const Node& node, Reporter& report) {
    std::vector<std::string> missing;
    text = expand_environment(text, missing);
    for (const auto& name : missing) {
        report.warning(
            place_of(node, key),
            fmt::format("runners.{} uses ${}, which is not set in the environment", key, name));
    }
}

void check_url(RunnerConfig& runner, const Node& node, Reporter& report) {
    expand(runner.url, "url", node, report);
    const Position place = place_of(node, "url");
    if (runner.url.empty()) {
        report.warning(
            place,
            fmt::format("runner \"{}\" has no url and is skipped: it is the address of GitLab, "
                        "such as \"https://gitlab.example.com\"",
                        runner.name));
        return;
    }
    const std::string lower = base::to_lower(runner.url);
    if (!lower.starts_with("http://") && !lower.starts_with("https://")) {
        report.warning(
            place,
            fmt::format("runner \"{}\" is skipped: its url \"{}\" must begin with http:// or "
                        "https://",
                        runner.name, runner.url));
    } else if (host_of(runner.url).empty()) {
        report.warning(place, fmt::format("runner \"{}\" is skipped: its url \"{}\" names no host",
                                          runner.name, runner.url));
    } else if (lower.ends_with("/ci") || lower.ends_with("/ci/")) {
        report.note(
            place,
            "runners.url ends in /ci, as it did long ago: the address of GitLab itself is enough");
    }
}

void check_token(RunnerConfig& runner, const Node& node, Reporter& report) {
    std::string token = runner.token.reveal();
    expand(token, "token", node, report);
    runner.token = base::Secret(std::string(base::trim(token)));
    if (runner.token.empty()) {
        report.warning(place_of(node, "token"),
                       fmt::format("runner \"{}\" has no token and is skipped: register it again",
                                   runner.name));
    }
}

void check_executor(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const Position place = place_of(node, "executor");
    if (runner.executor == "docker" || runner.executor == "shell") return;
    if (runner.executor.empty()) {
        report.warning(
            place, fmt::format("runner \"{}\" names no executor and takes no jobs: set executor = "
                               "\"docker\" or \"shell\"",
                               runner.name));
        return;
    }
    if (std::find(kExecutors.begin(), kExecutors.end(), runner.executor) != kExecutors.end()) {
        report.warning(
            place,
            fmt::format("runner \"{}\" asks for executor \"{}\", which this program does not "
                        "have, and takes no jobs: there are docker and shell",
                        runner.name, runner.executor));
        return;
    }
    const std::string near = base::nearest(runner.executor, {"docker", "shell"});
    report.warning(
        place,
        fmt::format("runner \"{}\" asks for executor \"{}\", which does not exist, and takes "
                    "no jobs{}",
                    runner.name, runner.executor,
                    near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

void check_shell(const RunnerConfig& runner, const Node& node, Reporter& report) {
    if (runner.shell.empty() || runner.shell == "bash" || runner.shell == "sh") return;
    report.warning(place_of(node, "shell"),
                   fmt::format("runner \"{}\" asks for shell \"{}\", so its jobs will fail: "
                               "use bash or sh",
                               runner.name, runner.shell));
}

void check_file(const std::string& path, std::string_view key, const Node& node, Reporter& report) {
    if (path.empty() || exists(path)) return;
    report.warning(place_of(node, key), fmt::format("runners.{}: there is no file {}", key, path));
}

void check_pairs(const std::vector<std::string>& pairs, std::string_view key, const Node& node,
                 Reporter& report) {
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals != std::string::npos && equals > 0) continue;
        report.warning(
            place_of(node, key),
            fmt::format("runners.{}: an element is not of the form NAME=VALUE and is skipped",
                        key));
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
            place_of(node, "labels"),
            fmt::format(
                "label \"{}\" is not allowed: names have 3 to 65 and values 1 to 256 letters, "
                "digits, dots, dashes or underscores",
                key));
    }
    if (all.size() > 32) {
        report.error(place_of(node, "labels"),
                     fmt::format("{} labels are too many: GitLab takes 32", all.size()));
    }
}

void check_docker(RunnerConfig& runner, const Node& node, Reporter& report) {
    auto& docker = runner.docker;
    if (node.at("docker.services_privileged") == nullptr)
        docker.services_privileged = docker.privileged;
    for (const auto& server : docker.dns) {
        if (is_address(server)) continue;
        report.warning(
            place_of(node, "docker.dns"),
            fmt::format("runners.docker.dns: \"{}\" is not an IP address, so jobs will fail",
                        server));
    }
    for (const auto& [name, value] : docker.log_options) {
        if (name == "env" || name == "labels") continue;
        report.error(
            place_of(node, "docker.log_options"),
            fmt::format("runners.docker.log_options: only env and labels are allowed, not \"{}\"",
                        name));
    }
    for (const auto& configured : docker.services) {
        if (!configured.name.empty()) continue;
        report.error(place_of(node, "docker.services"),
                     "runners.docker.services: a service has no name (its image)");
    }
    if (runner.executor.starts_with("docker") && docker.image.empty()) {
        report.note(
            place_of(node, "docker"),
            fmt::format(
                "runner \"{}\" has no runners.docker.image: jobs that name no image will fail",
                runner.name));
    }
    if (docker.pull_policy.empty()) docker.pull_policy = {"always"};
}

void check_dind(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto& dind = runner.dind;
    if (dind.mtu < 0 || dind.mtu > 65535 || (dind.mtu > 0 && dind.mtu < 576)) {
        report.error(place_of(node, "dind.mtu"),
                     fmt::format("runners.dind.mtu: {} is not a packet size (576 to 65535, or 0)",
                                 dind.mtu));
    }
    if (dind.mode == executors::docker::DindMode::kOn && !runner.docker.privileged) {
        report.warning(place_of(node, "dind.mode"),
                       "runners.dind.mode = \"on\" needs privileged = true in [runners.docker]: an "
                       "engine inside a "
                       "container cannot start without it");
    }
    check_file(dind.daemon_config, "dind.daemon_config", node, report);
    check_file(dind.buildkitd_config, "dind.buildkitd_config", node, report);
}

void check_registries(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto tables = tables_named(node, "registry");
    for (std::size_t i = 0; i < runner.registries.size(); ++i) {
        const auto& registry = runner.registries[i];
        const Node& table = i < tables.size() ? *tables[i] : node;
        const auto fail = [&](std::string_view key, std::string text) {
            report.error(place_of(table, key), "runners.registry: " + std::move(text));
        };
        if (registry.host.empty())
            fail("host", "host is missing: the registry's name, with its port if it has one");
        if (registry.host.find('/') != std::string::npos) {
            fail("host",
                 fmt::format("host \"{}\" must be a name and a port only, without http:// and path",
                             registry.host));
        }
        if (!registry.address.empty() && !is_address(registry.address)) {
            fail("address", fmt::format("address \"{}\" is not an IP address", registry.address));
        }
        if (registry.http && (registry.insecure || !registry.ca_file.empty())) {
            fail("http", "http = true means no TLS: insecure and ca_file cannot be set beside it");
        }
        if (registry.username.empty() != registry.password_file.empty()) {
            fail("username", "username and password_file belong together");
        }
        check_file(registry.ca_file, "registry.ca_file", table, report);
        check_file(registry.password_file, "registry.password_file", table, report);
    }
}

}  // namespace

void apply_defaults(Config& config) {
    const auto at_least_one = [](int& value, int otherwise) {
        if (value < 1) value = otherwise;
    };
    at_least_one(config.check_interval_seconds, 3);
    at_least_one(config.shutdown_timeout_seconds, 30);
    for (auto& runner : config.runners) {
        at_least_one(runner.request_concurrency, 1);
        at_least_one(runner.unhealthy_requests_limit, 3);
        at_least_one(runner.job_status_final_update_retry_limit, 10);
        if (runner.unhealthy_interval <= std::chrono::nanoseconds::zero()) {
            runner.unhealthy_interval = std::chrono::minutes(60);
        }
        if (runner.output_limit_bytes <= 0) runner.output_limit_bytes = 4096 * 1024;
        if (runner.docker.wait_for_services_timeout_seconds == 0) {
            runner.docker.wait_for_services_timeout_seconds = 30;
        }
    }
}

void check_runner(Config& config, RunnerConfig& runner, const Node& node, Reporter& report) {
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
    check_docker(runner, node, report);
    check_dind(runner, node, report);
    check_registries(runner, node, report);
}

void check_whole(const Config& config, const Node& root, Reporter& report) {
    const auto tables = tables_named(root, "runners");
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < config.runners.size(); ++i) {
        const auto& runner = config.runners[i];
        const Node& node = *tables.at(i);
        check_labels(config, runner, node, report);
        if (runner.token.empty() || seen.emplace(runner.url, runner.token.reveal()).second)
            continue;
        report.note(place_of(node, "token"),
                    fmt::format("runner \"{}\" has the token of another entry", runner.name));
    }
}

}  // namespace runner::config::rules
