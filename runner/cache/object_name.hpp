#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runner/config/cache_settings.hpp"

namespace runner::cache {

/// The name of a cache's object, which is the official runner's, so that caches stay warm when a
/// team moves: "[<Path>/][runner/<short token>/]project/<id>/<key>" (runner-protocol.md §5.6).
/// `hashed`: the key is a SHA-256, which stands in a directory of its first two digits
/// (FF_HASH_CACHE_KEYS). "" when the key would lead out of the project's part. Pure.
std::string object_name(const config::CacheSettings& settings, std::string_view short_token,
                        std::int64_t project_id, std::string_view key, bool hashed);

}  // namespace runner::cache
