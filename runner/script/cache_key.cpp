#include "runner/script/cache_key.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/digest.hpp"
#include "base/strings.hpp"

namespace runner::script {

namespace {

/// Reads "%2f", "%2e" in either case, and the backslash of Windows.
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

/// Resolves "." and "..", as in a path whose root has no parent.
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

}  // namespace runner::script
