#pragma once

#include <string>
#include <string_view>

namespace runner::script {

/// The part of a cache's path that its key decides (job-runtime.md §6).
struct CacheKey {
    /// A relative path without "..": it stays below the caches of the project. "": not usable.
    std::string key;
    /// For the job log, "" for none.
    std::string warning;
};

/// `raw`: the key with its variables expanded. Removes "..", empty parts and blanks at the end, and
/// reads escaped slashes and dots as the signs that they stand for. `hashed`: the hex SHA-256 of
/// `raw` instead, which needs no cleaning. Pure.
CacheKey cache_key(std::string_view raw, bool hashed);

}  // namespace runner::script
