#include "executors/docker/warm_need.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "executors/docker/labels.hpp"

namespace executors::docker {

namespace {

std::string replaced(std::string text, const std::string& what, std::string_view by) {
    if (what.empty()) return text;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

/// What decides about the files that the runner puts into the container.
nlohmann::json files_of(const NeedInput& input) {
    std::string certificates;
    for (const auto& registry : input.registries)
        certificates += registry.settings.host + '\n' + registry.ca_pem + '\n';
    nlohmann::json client = nlohmann::json::object();
    if (input.objects.engine) {
        for (const auto& variable : input.job.client_environment)
            client[variable.name] = variable.value;
    }
    return {{"needs_git", input.job.needs_git},
            {"writable", input.writable},
            {"project", input.job.project_dir},
            {"tmp", input.job.tmp_dir},
            {"user", input.objects.user},
            {"builder", input.objects.builder},
            {"certificates", base::sha256_hex(certificates)},
            {"client", std::move(client)},
            {"platform", input.platform}};
}

std::map<std::string, std::string> by_name(const std::vector<std::string>& environment) {
    std::map<std::string, std::string> values;
    for (const auto& entry : environment) {
        const auto equal = entry.find('=');
        const std::string name = entry.substr(0, equal);
        if (equal != std::string::npos && is_read_by_engines(name))
            values[name] = entry.substr(equal + 1);
    }
    return values;
}

}  // namespace

base::Result<WarmNeed> describe_need(NeedInput input) {
    WarmNeed need;
    need.image = input.objects.image;
    need.image_id = input.image_id;
    need.engine = input.objects.engine;
    need.environment = std::exchange(input.plan.environment, {});
    if (need.engine) need.decisive = by_name(need.environment);
    std::erase_if(input.plan.labels,
                  [](const auto& label) { return label.first.starts_with(kLabelPrefix); });
    auto body = build_container_json(input.docker, input.plan, true);
    if (!body) return body.error();
    need.text = replaced(*body + base::dump_json(files_of(input)), input.objects.base, "*");
    need.family = replaced(need.text, input.job.base_name, "*");
    need.family = replaced(need.family, input.job.volume_prefix, "*");
    // One project must never learn from another one's jobs.
    need.family += std::to_string(input.job.project_id);
    return need;
}

bool is_warmable(const JobEnvironment& job, const DockerSettings& docker,
                 const DindSettings& dind) {
    constexpr std::array<std::string_view, 5> kWithoutNames{"", "default", "bridge", "none",
                                                            "host"};
    const bool names = std::find(kWithoutNames.begin(), kWithoutNames.end(), docker.network_mode) ==
                       kWithoutNames.end();
    const bool own_network = docker.network_mode.empty() && job.network_per_build;
    return job.services.empty() && !names && !own_network && docker.links.empty() &&
           docker.mac_address.empty() && docker.log_options.empty() && dind.mode != DindMode::kOn;
}

bool may_wait(const WarmNeed& need, const DockerSettings& docker) {
    return !need.engine || docker.network_mode != "host";
}

bool is_read_by_engines(std::string_view name) {
    constexpr std::array<std::string_view, 12> kBeginnings{
        "DOCKER", "BUILDKIT", "CONTAINERD", "MOBY", "RUNNER_",  "XDG_",
        "SSL_",   "LD_",      "GO",         "OTEL", "IPTABLES", "TINI"};
    constexpr std::array<std::string_view, 8> kNames{"PATH",          "HOME", "TMPDIR", "TZ",
                                                     "NOTIFY_SOCKET", "LANG", "USER",   "LC_ALL"};
    const auto begins = [&](std::string_view text) { return name.starts_with(text); };
    const bool proxy = name.ends_with("_PROXY") || name.ends_with("_proxy");
    return proxy || std::any_of(kBeginnings.begin(), kBeginnings.end(), begins) ||
           std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace executors::docker
