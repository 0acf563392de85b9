// Compares the three kinds of patterns with slow reference matchers, which try all possibilities.

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "runner/pipeline/glob/path_glob.hpp"
#include "tests/unit/runner/pipeline/seeded_random.hpp"

namespace runner::pipeline::glob {
namespace {

using tests::SeededRandom;

/// The alternatives of a pattern with braces; the innermost braces are expanded first.
std::vector<std::string> without_braces(const std::string& pattern) {
    const std::size_t end = pattern.find('}');
    if (end == std::string::npos) return {pattern};
    const std::size_t begin = pattern.rfind('{', end);
    std::vector<std::string> all;
    std::string body = pattern.substr(begin + 1, end - begin - 1) + ",";
    for (std::size_t at = 0; at < body.size(); at = body.find(',', at) + 1) {
        const std::string one = body.substr(at, body.find(',', at) - at);
        // Each alternative becomes a pattern of its own, in which outer braces are expanded next.
        for (std::string& rest :
             without_braces(pattern.substr(0, begin) + one + pattern.substr(end + 1))) {
            all.push_back(std::move(rest));
        }
    }
    return all;
}

bool in_bracket(std::string_view body, char c) {
    const bool negated = body.starts_with('!') || body.starts_with('^');
    if (negated) body.remove_prefix(1);
    bool inside = false;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (i + 2 < body.size() && body[i + 1] == '-') {
            inside = inside || (body[i] <= c && c <= body[i + 2]);
            i += 2;
        } else {
            inside = inside || body[i] == c;
        }
    }
    return inside != negated;
}

/// Whether the whole text matches. `at_start` tells that a segment begins here.
bool matches_slowly(std::string_view pattern, std::string_view text, bool at_start) {
    if (pattern.empty()) return text.empty();
    if (at_start && pattern.starts_with("**/")) {
        if (matches_slowly(pattern.substr(3), text, true)) return true;
        const std::size_t slash = text.find('/');
        return slash != std::string_view::npos &&
               matches_slowly(pattern, text.substr(slash + 1), true);
    }
    const char c = pattern.front();
    if (c == '*') {
        if (matches_slowly(pattern.substr(1), text, false)) return true;
        return !text.empty() && text.front() != '/' &&
               matches_slowly(pattern, text.substr(1), false);
    }
    if (text.empty()) return false;
    const char t = text.front();
    if (c == '?') return t != '/' && matches_slowly(pattern.substr(1), text.substr(1), false);
    if (c == '[') {
        const std::size_t end = pattern.find(']');
        return t != '/' && in_bracket(pattern.substr(1, end - 1), t) &&
               matches_slowly(pattern.substr(end + 1), text.substr(1), false);
    }
    if (c == '\\')
        return pattern[1] == t && matches_slowly(pattern.substr(2), text.substr(1), false);
    return c == t && matches_slowly(pattern.substr(1), text.substr(1), c == '/');
}

bool path_reference(const std::string& pattern, const std::string& path) {
    for (const std::string& one : without_braces(pattern)) {
        if (matches_slowly(one, path, true)) return true;
    }
    return false;
}

bool include_reference(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) return path.empty();
    if (pattern.starts_with("**/")) {
        if (include_reference(pattern.substr(3), path)) return true;
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (path[i] == '/' && include_reference(pattern.substr(3), path.substr(i + 1)))
                return true;
        }
        return false;
    }
    const bool any = pattern.starts_with("**");
    if (pattern.front() == '*') {
        if (include_reference(pattern.substr(any ? 2 : 1), path)) return true;
        return !path.empty() && (any || path.front() != '/') &&
               include_reference(pattern, path.substr(1));
    }
    return !path.empty() && pattern.front() == path.front() &&
           include_reference(pattern.substr(1), path.substr(1));
}

template <typename Pieces>
std::string any_of(SeededRandom& random, const Pieces& pieces, std::size_t most) {
    std::string text;
    for (std::size_t i = 1 + random.below(most); i > 0; --i) text += random.element_of(pieces);
    return text;
}

std::string any_path(SeededRandom& random) {
    constexpr std::array<const char*, 5> kPieces{"a", "b", "ab", ".", "c"};
    std::string path = any_of(random, kPieces, 3);
    for (std::size_t i = random.below(4); i > 0; --i) path += "/" + any_of(random, kPieces, 2);
    return path;
}

std::string any_pattern(SeededRandom& random) {
    constexpr std::array<const char*, 18> kPieces{
        "a", "b",    "c",    ".",      "/",   "*",     "**/",      "/**/", "**",
        "?", "[ab]", "[!a]", "[^b-c]", "\\a", "{a,b}", "{a/b,c*}", "{,b}", "{**/a,{b,c}}"};
    return any_of(random, kPieces, 6);
}

TEST(GlobProperty, AgreesWithTheReferenceMatcher) {
    std::size_t hits = 0;
    for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
        SeededRandom random(seed);
        const std::string pattern = any_pattern(random);
        const PathGlob glob(pattern);
        const ExistsPattern exists(pattern);
        const bool wild = pattern.find_first_of("*?[{") != std::string::npos;
        const bool top =
            pattern.find('/') == std::string::npos && pattern.find("**") == std::string::npos;
        for (int i = 0; i < 10; ++i) {
            const std::string path = any_path(random);
            const bool expected = path_reference(pattern, path);
            hits += expected ? 1 : 0;
            ASSERT_EQ(glob.matches(path), expected)
                << "seed " << seed << ": " << pattern << " and " << path;
            const bool there =
                !wild ? (pattern.ends_with('/') ? path.starts_with(pattern) : path == pattern)
                      : expected && (!top || path.find('/') == std::string::npos);
            ASSERT_EQ(exists.matches(path), there)
                << "seed " << seed << ": exists " << pattern << " and " << path;
        }
    }
    EXPECT_GT(hits, 600U) << "hardly any pattern matches, so the test proves little";
}

TEST(GlobProperty, IncludeGlobAgreesWithTheReferenceMatcher) {
    constexpr std::array<const char*, 9> kPieces{"a", "b", ".", "/", "*", "**", "**/", "?", "[a]"};
    std::size_t hits = 0;
    for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
        SeededRandom random(seed);
        const std::string pattern = any_of(random, kPieces, 6);
        const IncludeGlob glob(pattern);
        for (int i = 0; i < 10; ++i) {
            const std::string path = any_path(random);
            const bool expected = include_reference(pattern, path);
            hits += expected ? 1 : 0;
            ASSERT_EQ(glob.matches(path), expected)
                << "seed " << seed << ": " << pattern << " and " << path;
        }
    }
    EXPECT_GT(hits, 600U);
}

}  // namespace
}  // namespace runner::pipeline::glob
