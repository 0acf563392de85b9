#pragma once

#include <cstdint>

#include "executors/docker/engine_config.hpp"

/// The settings by which builders collect their own garbage, from the share of the disk that one
/// slot of a project may keep for builds. Pure. They are merged like a file of the runner's: what
/// the image's file or a configured one says wins.
namespace executors::docker {

/// For buildkitd.toml; nothing for 0. Versions of BuildKit before 0.17 ignore these keys and keep
/// their own rules: the key that they know, gckeepstorage, is megabytes in some of them and bytes
/// in others.
ConfigSource builder_cache_rules(std::int64_t share_bytes);

/// For the daemon.json of an inner engine; nothing for 0. Engines before 28 know the first size
/// only, and ignore the others.
ConfigSource engine_cache_rules(std::int64_t share_bytes);

}  // namespace executors::docker
