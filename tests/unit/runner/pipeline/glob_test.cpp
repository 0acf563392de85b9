#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runner/pipeline/glob/path_glob.hpp"

namespace runner::pipeline::glob {
namespace {

const std::vector<std::string> kTree = {"Dockerfile",
                                        ".env",
                                        "a.rb",
                                        "src/a.rb",
                                        "src/.hid",
                                        "src/b/c.rb",
                                        "src/b/.x/y.md",
                                        "docs/readme.md",
                                        "docs/a/readme.md",
                                        "a/b/c",
                                        "a/c",
                                        "c.rb",
                                        "[z]",
                                        "Gemfile.lock"};

struct Row {
    const char* pattern;
    std::vector<std::string> hits;
};

template <typename Pattern>
std::vector<std::string> hits_of(const char* text) {
    const Pattern pattern(text);
    std::vector<std::string> hits;
    for (const auto& path : kTree) {
        if (pattern.matches(path)) hits.push_back(path);
    }
    return hits;
}

class PathGlobTest : public testing::TestWithParam<Row> {};

TEST_P(PathGlobTest, MatchesWhatGitLabMatches) {
    EXPECT_EQ(hits_of<PathGlob>(GetParam().pattern), GetParam().hits) << GetParam().pattern;
}

const std::vector<std::string> kTop = {"Dockerfile", ".env", "a.rb", "c.rb", "[z]", "Gemfile.lock"};
const std::vector<std::string> kSource = {"src/a.rb", "src/.hid", "src/b/c.rb", "src/b/.x/y.md"};
const Row kRows[] = {
    {"*", kTop},
    {"**", kTop},
    {"**/*", kTree},
    {"*.rb", {"a.rb", "c.rb"}},
    {"**/*.rb", {"a.rb", "src/a.rb", "src/b/c.rb", "c.rb"}},
    {"src/*", {"src/a.rb", "src/.hid"}},
    {"src/**", {"src/a.rb", "src/.hid"}},
    {"src/**/*", kSource},
    {"src/", {}},
    {"src", {}},
    {"./a.rb", {}},
    {"/a.rb", {}},
    {"docs/**/readme.md", {"docs/readme.md", "docs/a/readme.md"}},
    {"a/**/c", {"a/b/c", "a/c"}},
    {"**/*.{rb,md}",
     {"a.rb", "src/a.rb", "src/b/c.rb", "src/b/.x/y.md", "docs/readme.md", "docs/a/readme.md",
      "c.rb"}},
    {"{src,docs}/**/*",
     {"src/a.rb", "src/.hid", "src/b/c.rb", "src/b/.x/y.md", "docs/readme.md", "docs/a/readme.md"}},
    {"src/{a,b/c}.rb", {"src/a.rb", "src/b/c.rb"}},
    {"**c.rb", {"c.rb"}},
    {"**/b/**/*", {"src/b/c.rb", "src/b/.x/y.md", "a/b/c"}},
    {"\\[z\\]", {"[z]"}},
    {"[ac].rb", {"a.rb", "c.rb"}},
    {"[!a].rb", {"c.rb"}},
    {"[^a].rb", {"c.rb"}},
    {"[a-b].rb", {"a.rb"}},
    {"?.rb", {"a.rb", "c.rb"}},
    {"A.rb", {}},
};

INSTANTIATE_TEST_SUITE_P(Table, PathGlobTest, testing::ValuesIn(kRows));

TEST(ExistsPattern, MatchesExactPathsAndDirectories) {
    EXPECT_EQ(hits_of<ExistsPattern>("Dockerfile"), (std::vector<std::string>{"Dockerfile"}));
    EXPECT_EQ(hits_of<ExistsPattern>("src/"), kSource);
    EXPECT_EQ(hits_of<ExistsPattern>("src"), (std::vector<std::string>{}));
    EXPECT_EQ(hits_of<ExistsPattern>("*.lock"), (std::vector<std::string>{"Gemfile.lock"}));
    EXPECT_EQ(hits_of<ExistsPattern>("**/*.md"),
              (std::vector<std::string>{"src/b/.x/y.md", "docs/readme.md", "docs/a/readme.md"}));
}

TEST(IncludeGlob, HasItsOwnWildcards) {
    EXPECT_TRUE(IncludeGlob("ci/*.yml").matches("ci/a.yml"));
    EXPECT_FALSE(IncludeGlob("ci/*.yml").matches("ci/x/a.yml"));
    EXPECT_TRUE(IncludeGlob("ci/**.yml").matches("ci/x/a.yml"));
    EXPECT_TRUE(IncludeGlob("ci/**/*.yml").matches("ci/a.yml"));
    EXPECT_TRUE(IncludeGlob("ci/**/*.yml").matches("ci/x/y/a.yml"));
    EXPECT_FALSE(IncludeGlob("/ci/*.yml").matches("ci/a.yml"));
    EXPECT_FALSE(IncludeGlob("ci/?.*").matches("ci/a.yml"));
    EXPECT_FALSE(IncludeGlob("ci/[a].*").matches("ci/a.yml"));
}

TEST(PathGlob, TerminatesOnPatternsOfExponentialSize) {
    std::string braces;
    for (int i = 0; i < 40; ++i) braces += "{a,b}";
    EXPECT_FALSE(PathGlob(braces).matches("abab"));
    std::string stars;
    for (int i = 0; i < 60; ++i) stars += "*a";
    EXPECT_FALSE(PathGlob(stars).matches(std::string(200, 'a') + "b"));
    std::string deep;
    for (int i = 0; i < 60; ++i) deep += "**/a/";
    std::string path;
    for (int i = 0; i < 100; ++i) path += "a/";
    EXPECT_FALSE(PathGlob(deep + "b").matches(path + "c"));
}

}  // namespace
}  // namespace runner::pipeline::glob
