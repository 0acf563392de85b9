#include "runner/cache/object_name.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace runner::cache {

namespace {

/// Joins parts as Go's path.Join: empty parts are left out, "." and ".." are resolved.
std::string join(std::string_view front, std::string_view rest) {
    const std::string text = front.empty() ? std::string(rest) : fmt::format("{}/{}", front, rest);
    std::string clean = std::filesystem::path(text).lexically_normal().generic_string();
    if (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
    return clean;
}

}  // namespace

std::string object_name(const config::CacheSettings& settings, std::string_view short_token,
                        std::int64_t project_id, std::string_view key, bool hashed) {
    const std::string owner =
        settings.shared ? std::string() : fmt::format("runner/{}/", short_token);
    const std::string base = join(settings.path, fmt::format("{}project/{}", owner, project_id));
    const std::string shard = hashed ? fmt::format("{}/", key.substr(0, 2)) : std::string();
    std::string name = join(base, fmt::format("{}{}", shard, key));
    return key.empty() || !name.starts_with(base + "/") ? std::string() : name;
}

}  // namespace runner::cache
