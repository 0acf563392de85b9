#pragma once

#include <string>
#include <vector>

#include "executors/docker/docker_reference.hpp"
#include "executors/docker/pull_request.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"

namespace executors::docker {

/// Whether `registry` is a mirror of the registry with the name `host` (lower case).
bool is_mirror_of(const RegistrySettings& registry, const std::string& host);

/// Where the engine is to look for an image, in this order: the mirrors of its registry as they are
/// declared, each with the login for the mirror, and the registry itself. Pure.
std::vector<PullSource> pull_sources(const DockerReference& reference,
                                     const std::vector<RegistrySettings>& registries,
                                     const RegistryAuth& auth);

/// What is to be pulled of an image as it is named, and from where. Pure.
PullRequest make_pull_request(const std::string& image, const DockerReference& reference,
                              const std::vector<RegistrySettings>& registries,
                              const RegistryAuth& auth);

}  // namespace executors::docker
