#include "base/doublestar.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace base {

namespace {

bool match_class(std::string_view& pattern, char c) {
    std::size_t at = 1;
    const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negated) ++at;
    bool found = false;
    bool first = true;
    while (at < pattern.size() && (first || pattern[at] != ']')) {
        first = false;
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        const char low = pattern[at];
        char high = low;
        if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
            high = pattern[at + 2];
            at += 2;
        }
        if (c >= low && c <= high) found = true;
        ++at;
    }
    if (at >= pattern.size()) return false;
    pattern.remove_prefix(at + 1);
    return found != negated;
}

/// `at_start`: the pattern begins a path part; only there does `**` match several parts.
bool match_here(std::string_view pattern, std::string_view text, bool at_start);

/// "{a,{b,c}}tail": tries each choice, followed by the tail.
bool match_braces(std::string_view pattern, std::string_view text, bool at_start) {
    std::vector<std::string_view> choices;
    std::size_t begin = 1;
    int depth = 0;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '\\') {
            ++at;
        } else if (c == '{') {
            ++depth;
        } else if ((c == ',' && depth == 1) || (c == '}' && --depth == 0)) {
            choices.push_back(pattern.substr(begin, at - begin));
            begin = at + 1;
            if (depth == 0) break;
        }
    }
    if (depth != 0) return false;
    const std::string tail(pattern.substr(begin));
    return std::any_of(choices.begin(), choices.end(), [&](std::string_view choice) {
        return match_here(std::string(choice) + tail, text, at_start);
    });
}

/// "**" at the end matches everything; "**/x" matches any number of whole parts (or none), then x.
bool match_double_star(std::string_view pattern, std::string_view text) {
    if (pattern.size() == 2) return true;
    const std::string_view rest = pattern.substr(3);
    if (match_here(rest, text, true)) return true;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '/' && match_here(rest, text.substr(at + 1), true)) return true;
    }
    return false;
}

bool match_star(std::string_view rest, std::string_view text) {
    for (std::size_t taken = 0;; ++taken) {
        if (match_here(rest, text.substr(taken), false)) return true;
        if (taken == text.size() || text[taken] == '/') return false;
    }
}

bool match_here(std::string_view pattern, std::string_view text, bool at_start) {
    while (!pattern.empty()) {
        if (pattern == "/**" && text.empty()) return true;
        if (pattern.front() == '*') {
            const bool crosses =
                at_start && pattern.starts_with("**") && (pattern.size() == 2 || pattern[2] == '/');
            if (crosses) return match_double_star(pattern, text);
            const auto behind = pattern.find_first_not_of('*');
            return match_star(behind == std::string_view::npos ? "" : pattern.substr(behind), text);
        }
        if (pattern.front() == '{') return match_braces(pattern, text, at_start);
        if (text.empty()) return false;
        at_start = text.front() == '/';
        if (pattern.front() == '[') {
            if (text.front() == '/' || !match_class(pattern, text.front())) return false;
            text.remove_prefix(1);
            continue;
        }
        if (pattern.front() == '?') {
            if (text.front() == '/') return false;
        } else {
            if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
            if (pattern.front() != text.front()) return false;
        }
        pattern.remove_prefix(1);
        text.remove_prefix(1);
    }
    return text.empty();
}

}  // namespace

bool doublestar_match(std::string_view pattern, std::string_view text) {
    return match_here(pattern, text, true);
}

}  // namespace base
