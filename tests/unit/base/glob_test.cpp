#include "base/glob.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace base {
namespace {

struct Case {
    std::string pattern;
    std::string text;
    bool matches;
};

void expect_all(GlobDialect dialect, const std::vector<Case>& cases) {
    for (const Case& row : cases) {
        EXPECT_EQ(Glob(row.pattern, dialect).matches(row.text), row.matches)
            << row.pattern << " against " << row.text;
    }
}

TEST(Doublestar, MatchesAsTheOfficialRunnerDoes) {
    expect_all(GlobDialect::kDoublestar, {
                                             {"a", "a", true},
                                             {"a", "ab", false},
                                             {"", "", true},
                                             {"", "a", false},
                                             {"*", "a", true},
                                             {"*", "", true},
                                             {"*", "a/b", false},
                                             {"*.log", ".log", true},
                                             {"a*b*c", "axxbxxc", true},
                                             {"a*b*c", "axxbxx", false},
                                             {"?", "/", false},
                                             {"a?c", "abc", true},
                                             {"a?c", "ac", false},
                                             {"\\*", "*", true},
                                             {"\\*", "a", false},
                                             {"a,b}", "a,b}", true},
                                         });
}

TEST(Doublestar, TakesWholePartsForTwoStars) {
    expect_all(GlobDialect::kDoublestar, {
                                             {"**", "a/b/c", true},
                                             {"**/c", "c", true},
                                             {"**/c", "a/b/c", true},
                                             {"**/c", "a/bc", false},
                                             {"a/**", "a/b/c", true},
                                             {"a/**", "a", true},
                                             {"a/**", "ab", false},
                                             {"a/**/", "a", true},
                                             {"a/**/c", "a/c", true},
                                             {"a/**/c", "a/x/y/c", true},
                                             {"a/**/c", "ac", false},
                                             {"a/**/**/c", "a/x/c", true},
                                             {"a**", "ab", true},
                                             {"a**", "a/b", false},
                                             {"**a", "ba", true},
                                             {"**a", "b/a", false},
                                             {"***/c", "a/c", true},
                                             {"***/c", "a/b/c", false},
                                         });
}

TEST(Doublestar, KnowsClassesAndAlternatives) {
    expect_all(GlobDialect::kDoublestar, {
                                             {"[a-c]x", "bx", true},
                                             {"[!a-c]x", "bx", false},
                                             {"[^a]", "b", true},
                                             {"[^a]", "/", false},
                                             {"[a\\-c]", "-", true},
                                             {"[a\\-c]", "b", false},
                                             {"[-a]", "-", true},
                                             {"[a-]", "-", true},
                                             {"[c-a]", "b", false},
                                             {"[xa-cb-f]", "e", true},
                                             {"{a,b}/c", "b/c", true},
                                             {"{a,{b,c}}d", "cd", true},
                                             {"x{,y}", "x", true},
                                             {"a/{**,b}", "a/c/d", true},
                                             {"{a/**,b}", "a", true},
                                             {"{*,b}*/x", "a/x", true},
                                             {"a{**/b,c}", "ax/b", true},
                                         });
}

TEST(Doublestar, TakesACharacterOfSeveralBytesForOne) {
    expect_all(GlobDialect::kDoublestar, {
                                             {"a?b", "a\u00fcb", true},
                                             {"[\u00e4-\u00fc]", "\u00f6", true},
                                             {"[a-z]", "\u00f6", false},
                                             {"a?b",
                                              "a\xff"
                                              "b",
                                              true},
                                             {"\xff", "\xff", true},
                                             {"\xff", "\xfe", false},
                                             {"\xc3*", "\xc3\xbc", false},
                                         });
}

TEST(Doublestar, MatchesNothingWhenThePatternIsNotComplete) {
    expect_all(GlobDialect::kDoublestar, {
                                             {"[a", "a", false},
                                             {"[]", "]", false},
                                             {"{a,b", "a", false},
                                             {"{a,b", "{a,b", false},
                                             {"{[a,b}", "b", false},
                                             {"a\\", "a\\", false},
                                         });
}

TEST(Fnmatch, HasRubysEdges) {
    expect_all(GlobDialect::kFnmatch, {
                                          {"a/**", "a/b", true},
                                          {"a/**", "a/b/c", false},
                                          {"a/**", "a", false},
                                          {"**/a", "b/c/a", true},
                                          {"{a,b", "{a,b", true},
                                          {"{a,{b,c}", "{a,{b,c}", true},
                                          {"x{a,b}{c", "xb{c", true},
                                          {"{a,b}}", "a}", true},
                                          {"[a", "a", false},
                                          {"{[,a}", "a", true},
                                          {"[]", "]", false},
                                          {"[!]", "x", true},
                                          {"a\\", "a\\", true},
                                          {"*{,b}*/x", "c/d/x", true},
                                          {"a{**/b,c}", "ax/b", true},
                                          {"a{**/b,c}", "ax/y/b", false},
                                      });
}

// Where a matcher that goes back tries the stars' lengths one by one, these take longer than any
// test may run.
TEST(Glob, IsMatchedInOnePass) {
    const auto repeated = [](const std::string& text, int count) {
        std::string all;
        for (int i = 0; i < count; ++i) all += text;
        return all;
    };
    for (const auto dialect :
         {GlobDialect::kDoublestar, GlobDialect::kFnmatch, GlobDialect::kInclude}) {
        EXPECT_FALSE(Glob(repeated("*a", 40) + "*b", dialect).matches(repeated("a", 5'000)));
        EXPECT_FALSE(Glob(repeated("**/", 60) + "x", dialect).matches(repeated("a/", 3'000) + "y"));
        EXPECT_FALSE(
            Glob(repeated("**/*a", 30) + "x", dialect).matches(repeated("aaa/", 1'000) + "y"));
        EXPECT_FALSE(Glob(repeated("{a,b}", 500), dialect).matches(repeated("a", 499)));
        EXPECT_FALSE(Glob(repeated("{,a,b*}", 500) + "c", dialect).matches(repeated("ab", 500)));
        EXPECT_FALSE(Glob(repeated("{", 50'000), dialect).matches("a"));
        EXPECT_FALSE(Glob(repeated("[", 60'000), dialect).matches("a"));
        EXPECT_FALSE(Glob(repeated("{a,", 20'000) + repeated("}", 20'000), dialect).matches("b"));
    }
}

TEST(Glob, MatchesNothingWhenThePatternIsTooLong) {
    const std::string longest(Glob::kMostCharacters, 'a');
    EXPECT_TRUE(Glob(longest, GlobDialect::kFnmatch).matches(longest));
    const std::string longer = longest + "aa";
    EXPECT_FALSE(Glob(longer, GlobDialect::kFnmatch).matches(longer));
}

}  // namespace
}  // namespace base
