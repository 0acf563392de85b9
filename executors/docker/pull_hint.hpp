#pragma once

#include <string>
#include <vector>

#include "executors/docker/settings.hpp"

namespace executors::docker {

/// What to do when the host's engine cannot pull an image of a declared registry. An engine is told
/// about registries in its own files, and the engine that pulls a job's image is not the runner's,
/// so `address`, `http`, `insecure` and `ca_file` do not reach it. "" for an image of a registry
/// that is not declared with one of them. Pure.
std::string pull_hint(const std::string& image, const std::vector<RegistrySettings>& registries);

}  // namespace executors::docker
