#include "executors/docker/pull_hint.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/engine_config.hpp"

namespace executors::docker {

namespace {

/// The steps on the engine's host.
std::vector<std::string> steps_for(const RegistrySettings& registry) {
    std::vector<std::string> steps;
    for (const auto& entry : registry_hosts({registry})) {
        const auto colon = entry.find(':');
        steps.push_back("the line \"" + entry.substr(colon + 1) + " " + entry.substr(0, colon) +
                        "\" in /etc/hosts");
    }
    if (registry.http || registry.insecure) {
        steps.push_back("\"" + registry.host + "\" in \"insecure-registries\" of its daemon.json");
    }
    if (!registry.ca_file.empty()) {
        steps.push_back("the content of ca_file in " + registry_ca_path(registry.host));
    }
    return steps;
}

}  // namespace

std::string pull_hint(const std::string& image, const std::vector<RegistrySettings>& registries) {
    const auto reference = parse_reference(image);
    if (!reference || reference->is_id) return {};
    const auto declared =
        std::find_if(registries.begin(), registries.end(), [&](const RegistrySettings& registry) {
            return base::to_lower(registry.host) == reference->host;
        });
    if (declared == registries.end()) return {};
    const auto steps = steps_for(*declared);
    if (steps.empty()) return {};
    return "The host's own engine pulls this image, and [[runners.registry]] cannot configure that "
           "engine. It needs, on its host: " +
           base::join(steps, ", ") +
           ". Or load the image into it and set pull_policy = \"if-not-present\" in "
           "[runners.docker]";
}

}  // namespace executors::docker
