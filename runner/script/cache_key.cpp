#include "runner/script/cache_key.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/digest.hpp"
#include "base/strings.hpp"

namespace runner::script {

namespace {

/// "%2f" and "%2e" in either case, and the other system's slash.
std::string unescape(std::string_view raw) {
    std::string text;
    for (std::size_t at = 0; at < raw.size(); ++at) {
        const std::string escape = base::to_lower(raw.substr(at, 3));
        if (escape == "%2f" || escape == "%2e") {
            text += escape == "%2f" ? '/' : '.';
            at += 2;
        } else {
            text += raw[at] == '\\' ? '/' : raw[at];
        }
    }
    return text;
}

std::string_view without_blanks_behind(std::string_view part) {
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t' || part.back() == '\n')) {
        part.remove_suffix(1);
    }
    return part;
}

/// Walks the parts as a path whose root cannot be left.
std::string clean(const std::string& text) {
    std::vector<std::string> kept;
    for (const std::string& part : base::split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            kept.push_back(part);
        } else if (!kept.empty()) {
            kept.pop_back();
        }
    }
    while (!kept.empty()) {
        const std::string last(without_blanks_behind(kept.back()));
        kept.pop_back();
        if (last.empty()) continue;
        kept.push_back(last);
        break;
    }
    return base::join(kept, "/");
}

}  // namespace

CacheKey cache_key(std::string_view raw, bool hashed) {
    if (hashed) return {base::sha256_hex(raw), ""};
    CacheKey out;
    out.key = clean(unescape(raw));
    if (out.key != raw)
        out.warning = fmt::format("cache key \"{}\" sanitized to \"{}\"", raw, out.key);
    return out;
}

bool matches_outcome(std::string_view when, bool success) {
    if (when == "always") return true;
    return (when == "on_failure") != success;
}

bool names_files(const protocol::gitlab::Cache& cache) {
    return cache.untracked || !cache.paths.empty();
}

bool names_files(const protocol::gitlab::Artifact& artifact) {
    return artifact.untracked || !artifact.paths.empty();
}

}  // namespace runner::script
