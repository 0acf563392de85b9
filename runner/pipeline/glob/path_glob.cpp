#include "runner/pipeline/glob/path_glob.hpp"

#include "base/strings.hpp"

namespace runner::pipeline::glob {
namespace {

constexpr std::size_t kMostAlternatives = 4096;
constexpr std::size_t kMostBytes = 4 << 20;  // of all texts made while expanding braces

/// The index of the brace that closes the one at `open`; npos when there is none.
std::size_t closing_brace(std::string_view pattern, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '{') {
            ++depth;
        } else if (pattern[i] == '}' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

std::vector<std::string_view> split_alternatives(std::string_view body) {
    std::vector<std::string_view> parts;
    int depth = 0;
    std::size_t start = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\\') {
            ++i;
        } else if (body[i] == '{') {
            ++depth;
        } else if (body[i] == '}') {
            --depth;
        } else if (body[i] == ',' && depth == 0) {
            parts.push_back(body.substr(start, i - start));
            start = i + 1;
        }
    }
    parts.push_back(body.substr(start));
    return parts;
}

/// The alternatives that a pattern with braces stands for; none when they exceed the limits. Braces
/// are expanded one pair at a time with a work list, which limits stack and memory.
std::vector<std::string> expand_braces(std::string_view pattern) {
    std::vector<std::string> open{std::string(pattern)};
    std::vector<std::string> done;
    std::size_t written = 0;
    while (!open.empty()) {
        const std::string text = std::move(open.back());
        open.pop_back();
        std::size_t at = 0;
        while (at < text.size() && text[at] != '{') at += text[at] == '\\' ? 2 : 1;
        const std::size_t end = at < text.size() ? closing_brace(text, at) : std::string::npos;
        if (end == std::string::npos) {
            done.push_back(text);
            if (done.size() > kMostAlternatives) return {};
            continue;
        }
        const std::string_view view(text);
        for (const std::string_view part : split_alternatives(view.substr(at + 1, end - at - 1))) {
            open.push_back(std::string(view.substr(0, at)) + std::string(part) +
                           std::string(view.substr(end + 1)));
            written += open.back().size();
            if (open.size() > kMostAlternatives || written > kMostBytes) return {};
        }
    }
    return done;
}

/// The length of the UTF-8 character with which the text begins.
std::size_t char_length(std::string_view text) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t n = byte < 0x80    ? 1
                          : byte >= 0xf0 ? 4
                          : byte >= 0xe0 ? 3
                          : byte >= 0xc0 ? 2
                                         : 1;
    return std::min(n, text.size());
}

struct Bracket {
    bool matched;
    std::size_t length;  // of the bracket expression in the pattern
};

/// Matches a bracket expression against one character. Nothing when the bracket is not closed.
std::optional<Bracket> match_bracket(std::string_view pattern, std::string_view one) {
    std::size_t i = 1;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    if (negated) ++i;
    bool inside = false;
    bool first = true;
    while (i < pattern.size() && (pattern[i] != ']' || first)) {
        first = false;
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        const std::string_view low = pattern.substr(i, char_length(pattern.substr(i)));
        i += low.size();
        std::string_view high = low;
        if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
            ++i;
            if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
            high = pattern.substr(i, char_length(pattern.substr(i)));
            i += high.size();
        }
        inside = inside || (low <= one && one <= high);
    }
    if (i >= pattern.size()) return std::nullopt;
    return Bracket{inside != negated, i + 1};
}

struct Advance {
    std::size_t pattern = 0;
    std::size_t text = 0;
};

/// Matches the first element of the pattern, which is not a star, against the first character of
/// the text. Returns how far to advance in both; nothing when they do not match.
std::optional<Advance> match_one(std::string_view pattern, std::string_view text) {
    const char first = pattern.front();
    const std::string_view one = text.substr(0, char_length(text));
    if (first == '?') return Advance{1, one.size()};
    if (first == '[') {
        const auto bracket = match_bracket(pattern, one);
        if (!bracket || !bracket->matched) return std::nullopt;
        return Advance{bracket->length, one.size()};
    }
    const bool escaped = first == '\\' && pattern.size() > 1;
    if ((escaped ? pattern[1] : first) != text.front()) return std::nullopt;
    return Advance{escaped ? std::size_t{2} : std::size_t{1}, 1};
}

/// Matches one segment, which has no slashes. To go back to the last star is enough: what earlier
/// stars match can stay as short as possible.
bool match_segment(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size() || p < pattern.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
            continue;
        }
        if (p < pattern.size() && t < text.size()) {
            if (const auto step = match_one(pattern.substr(p), text.substr(t))) {
                p += step->pattern;
                t += step->text;
                continue;
            }
        }
        if (star == std::string_view::npos || star_text >= text.size()) return false;
        star_text += char_length(text.substr(star_text));
        p = star + 1;
        t = star_text;
    }
    return true;
}

/// Matches segment by segment. "**" is to segments what "*" is to characters in match_segment().
bool match_segments(const std::vector<std::string>& pattern,
                    const std::vector<std::string_view>& path) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_path = 0;
    while (t < path.size() || p < pattern.size()) {
        if (p + 1 < pattern.size() && pattern[p] == "**") {
            star = p++;
            star_path = t;
            continue;
        }
        if (p < pattern.size() && t < path.size() && match_segment(pattern[p], path[t])) {
            ++p;
            ++t;
            continue;
        }
        if (star == std::string_view::npos || star_path >= path.size()) return false;
        p = star + 1;
        t = ++star_path;
    }
    return true;
}

std::vector<std::string_view> split_view(std::string_view path) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    for (;;) {
        const std::size_t slash = path.find('/', start);
        parts.push_back(path.substr(start, slash - start));
        if (slash == std::string_view::npos) return parts;
        start = slash + 1;
    }
}

}  // namespace

PathGlob::PathGlob(std::string_view pattern) {
    for (const std::string& alternative : expand_braces(pattern)) {
        alternatives_.push_back(base::split(alternative, '/'));
    }
}

bool PathGlob::matches(std::string_view path) const {
    const auto segments = split_view(path);
    for (const auto& alternative : alternatives_) {
        if (match_segments(alternative, segments)) return true;
    }
    return false;
}

ExistsPattern::ExistsPattern(std::string_view pattern)
    : form_(Form::kGlob), text_(pattern), glob_(pattern) {
    if (pattern.find_first_of("*?[{") == std::string_view::npos) {
        form_ = pattern.ends_with('/') ? Form::kPrefix : Form::kExact;
    } else if (pattern.find('/') == std::string_view::npos &&
               pattern.find("**") == std::string_view::npos) {
        form_ = Form::kTopLevel;
    }
}

bool ExistsPattern::matches(std::string_view path) const {
    switch (form_) {
        case Form::kExact: return path == text_;
        case Form::kPrefix: return path.starts_with(text_);
        case Form::kTopLevel:
            return path.find('/') == std::string_view::npos && glob_.matches(path);
        case Form::kGlob: return glob_.matches(path);
    }
    return false;
}

IncludeGlob::IncludeGlob(std::string_view pattern) {
    std::string regex = "^";
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::string_view rest = pattern.substr(i);
        if (rest.starts_with("**/")) {
            regex += "(?:.*/)?";
            i += 2;
        } else if (rest.starts_with("**")) {
            regex += ".*";
            i += 1;
        } else if (rest.front() == '*') {
            regex += "[^/]*";
        } else if (std::string_view("\\.+?()[]{}^$|/-").find(rest.front()) != std::string::npos) {
            regex += '\\';
            regex += rest.front();
        } else {
            regex += rest.front();
        }
    }
    regex_ = expression::Regex::compile(regex + "$");
}

bool IncludeGlob::matches(std::string_view path) const { return regex_ && regex_->search(path); }

}  // namespace runner::pipeline::glob
