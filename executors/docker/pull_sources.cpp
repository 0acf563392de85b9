#include "executors/docker/pull_sources.hpp"

#include "executors/docker/pull_hint.hpp"

namespace executors::docker {

namespace {

base::Secret header_for(const RegistryAuth& auth, const std::string& image) {
    const auto found = auth.find(image);
    return found ? registry_auth_header(found->credential, found->path) : base::Secret();
}

}  // namespace

bool is_mirror_of(const RegistrySettings& registry, const std::string& host) {
    return !registry.mirror_of.empty() && registry_path(registry.mirror_of) == host &&
           registry_path(registry.host) != host;
}

std::vector<PullSource> pull_sources(const DockerReference& reference,
                                     const std::vector<RegistrySettings>& registries,
                                     const RegistryAuth& auth) {
    std::vector<PullSource> sources;
    for (const auto& registry : registries) {
        if (!is_mirror_of(registry, reference.host)) continue;
        const std::string name = registry.host + "/" + reference.path;
        sources.push_back(
            {name, header_for(auth, name), registry.host, pull_hint(name, registries)});
    }
    sources.push_back({reference.name, header_for(auth, reference.name), "", ""});
    return sources;
}

PullRequest make_pull_request(const std::string& image, const DockerReference& reference,
                              const std::vector<RegistrySettings>& registries,
                              const RegistryAuth& auth) {
    PullRequest request;
    request.image = image;
    request.registry = reference.host;
    request.tag = reference.pull_tag();
    request.by_digest = !reference.digest.empty();
    request.sources = pull_sources(reference, registries, auth);
    return request;
}

}  // namespace executors::docker
