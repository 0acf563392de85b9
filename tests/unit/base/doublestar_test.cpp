#include "base/doublestar.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

struct Case {
    const char* pattern;
    const char* text;
    bool matches;
};

class Doublestar : public testing::TestWithParam<Case> {};

TEST_P(Doublestar, MatchesAsGitLabDoes) {
    EXPECT_EQ(doublestar_match(GetParam().pattern, GetParam().text), GetParam().matches)
        << GetParam().pattern << " against " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Doublestar,
    testing::Values(Case{"a", "a", true}, Case{"a", "ab", false}, Case{"*", "a", true},
                    Case{"*", "a/b", false}, Case{"*.log", ".log", true}, Case{"?", "/", false},
                    Case{"a?c", "abc", true}, Case{"**", "a/b/c", true}, Case{"**/c", "c", true},
                    Case{"**/c", "a/b/c", true}, Case{"a/**", "a/b/c", true},
                    Case{"a/**", "a", true}, Case{"a/**/c", "a/c", true},
                    Case{"a/**/c", "a/x/y/c", true}, Case{"a/**/c", "ac", false},
                    Case{"a**", "ab", true}, Case{"a**", "a/b", false}, Case{"[a-c]x", "bx", true},
                    Case{"[!a-c]x", "bx", false}, Case{"[^a]", "b", true}, Case{"[a", "a", false},
                    Case{"{a,b}/c", "b/c", true}, Case{"{a,{b,c}}d", "cd", true},
                    Case{"{a,b", "a", false}, Case{"x{,y}", "x", true}, Case{"\\*", "*", true},
                    Case{"\\*", "a", false}, Case{"", "", true}, Case{"", "a", false}));

}  // namespace
}  // namespace base
