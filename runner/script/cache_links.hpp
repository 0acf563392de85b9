#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace runner::script {

/// An address by which a program without credentials may read or write one object, for a limited
/// time: it is a secret. A plain value.
struct CacheLink {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  ///< that a PUT must have
};

/// By the key of the cache (CacheWriter::Name::key).
using CacheLinks = std::map<std::string, CacheLink>;

}  // namespace runner::script
