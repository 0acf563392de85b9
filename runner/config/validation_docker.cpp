#include <fmt/format.h>

#include <algorithm>

#include "base/ip_address.hpp"
#include "base/names.hpp"
#include "base/parse.hpp"
#include "runner/config/validation.hpp"

namespace runner::config::validation {

namespace {

void check_service_names(const executors::docker::DockerSettings& docker, const Node& node,
                         Reporter& report) {
    for (const auto& configured : docker.services) {
        if (!configured.name.empty()) continue;
        report.error(position_of(node, "docker.services"),
                     "runners.docker.services: a service has no name (its image)");
    }
}

/// What is wrong with a registry's name and port; "" for nothing. An IPv6 address stands in
/// brackets.
std::string host_problem(std::string_view text) {
    const bool bracket = text.starts_with("[");
    const auto colon = text.find(':', bracket ? std::min(text.find(']'), text.size()) : 0);
    const std::string host(text.substr(0, colon));
    constexpr base::NameRule kNames{.also = ".-"};
    const bool valid =
        bracket ? host.ends_with("]") && base::is_ip_address(host.substr(1, host.size() - 2))
                : base::is_name(host, kNames);
    if (!valid || text.find('/') != std::string_view::npos) {
        return "must be a name and a port only, without http:// and path";
    }
    if (colon == std::string_view::npos) return {};
    const auto port = base::parse_number<int>(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return "must have a port from 1 to 65535 or none";
    return {};
}

}  // namespace

void check_docker(RunnerConfig& runner, const Node& node, Reporter& report) {
    auto& docker = runner.docker;
    if (node.at("docker.services_privileged") == nullptr)
        docker.services_privileged = docker.privileged;
    for (const auto& server : docker.dns) {
        if (base::is_ip_address(server)) continue;
        report.warning(
            position_of(node, "docker.dns"),
            fmt::format("runners.docker.dns: \"{}\" is not an IP address, so jobs will fail",
                        server));
    }
    for (const auto& [name, value] : docker.log_options) {
        if (name == "env" || name == "labels") continue;
        report.error(
            position_of(node, "docker.log_options"),
            fmt::format("runners.docker.log_options: only env and labels are allowed, not \"{}\"",
                        name));
    }
    check_service_names(docker, node, report);
    if (docker.warm_memory_bytes < 0) {
        report.error(position_of(node, "docker.warm_memory"),
                     "runners.docker.warm_memory must be a size such as \"2g\"; warm = 0 turns "
                     "the environments off");
    }
    if (runner.executor.starts_with("docker") && docker.image.empty()) {
        report.note(
            position_of(node, "docker"),
            fmt::format(
                "runner \"{}\" has no runners.docker.image: jobs that name no image will fail",
                runner.name));
    }
    if (docker.pull_policy.empty()) docker.pull_policy = {"always"};
}

void check_dind(RunnerConfig& runner, const Node& node, Reporter& report) {
    auto& dind = runner.dind;
    if (dind.mtu < 0 || dind.mtu > 65535 || (dind.mtu > 0 && dind.mtu < 576)) {
        report.error(position_of(node, "dind.mtu"),
                     fmt::format("runners.dind.mtu: {} is not a packet size (576 to 65535, or 0)",
                                 dind.mtu));
    }
    if (dind.mode == executors::docker::DindMode::kOn && !runner.docker.privileged) {
        report.warning(position_of(node, "dind.mode"),
                       "runners.dind.mode = \"on\" needs privileged = true in [runners.docker]: an "
                       "engine inside a "
                       "container cannot start without it");
    }
    check_file(dind.daemon_config, "dind.daemon_config", node, report);
    check_file(dind.buildkitd_config, "dind.buildkitd_config", node, report);
}

void check_registries(RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto tables = tables_named(node, "registry");
    for (std::size_t i = 0; i < runner.registries.size(); ++i) {
        auto& registry = runner.registries[i];
        const Node& table = i < tables.size() ? *tables[i] : node;
        const auto fail = [&](std::string_view key, std::string text) {
            report.error(position_of(table, key), "runners.registry: " + std::move(text));
        };
        if (registry.host.empty())
            fail("host", "host is missing: the registry's name, with its port if it has one");
        const auto check_host = [&](std::string_view key, const std::string& host) {
            const auto problem = host.empty() ? std::string() : host_problem(host);
            if (!problem.empty()) fail(key, fmt::format("{} \"{}\" {}", key, host, problem));
        };
        check_host("host", registry.host);
        check_host("mirror_of", registry.mirror_of);
        if (!registry.address.empty() && !base::is_ip_address(registry.address)) {
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

}  // namespace runner::config::validation
