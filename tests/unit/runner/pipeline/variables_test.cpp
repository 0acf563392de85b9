#include <gtest/gtest.h>

#include <string>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/variables/slug.hpp"

namespace runner::pipeline::variables {
namespace {

struct Row {
    const char* text;
    const char* with_empty;  // Undefined::kEmpty
    const char* with_keep;   // Undefined::kKeep
};

class ExpandTest : public testing::TestWithParam<Row> {};

TEST_P(ExpandTest, ReplacesOnce) {
    const Collection variables{{"A", "1"}, {"B", "$A-b"}};
    EXPECT_EQ(expand(GetParam().text, variables, Undefined::kEmpty), GetParam().with_empty);
    EXPECT_EQ(expand(GetParam().text, variables, Undefined::kKeep), GetParam().with_keep);
}

const Row kRows[] = {
    {"$A", "1", "1"},       {"${A}", "1", "1"},         {"%A%", "1", "1"},
    {"$NOPE", "", "$NOPE"}, {"${NOPE}", "", "${NOPE}"}, {"%NOPE%", "", "%NOPE%"},
    {"$AB", "", "$AB"},     {"${A}B", "1B", "1B"},      {"$A.x", "1.x", "1.x"},
    {"$A$A", "11", "11"},   {"$B", "$A-b", "$A-b"},     {"a%b%c", "ac", "a%b%c"},
    {"$$A", "$1", "$1"},    {"$1", "$1", "$1"},         {"${}", "${}", "${}"},
    {"$", "$", "$"},        {"%A", "%A", "%A"},         {"", "", ""},
    {"\\$A", "\\1", "\\1"},
};

INSTANTIATE_TEST_SUITE_P(Table, ExpandTest, testing::ValuesIn(kRows));

TEST(SortAndExpand, ExpandsReferencesInAnyOrder) {
    const auto sorted = sort_and_expand({{"C", "c-$B"},
                                         {"B", "b-$A"},
                                         {"A", "a"},
                                         {"SELF", "x$SELF"},
                                         {"TWICE", "$$A"},
                                         {"RAW", "$A", true},
                                         {"OF_RAW", "<$RAW>"},
                                         {.key = "FILE", .value = "$A", .is_file = true},
                                         {"OF_FILE", "<$FILE>"},
                                         {"UNKNOWN", "$NOPE"}},
                                        Reader::kRunner);
    EXPECT_TRUE(sorted.cycles.empty());
    EXPECT_EQ(sorted.variables.value("C"), "c-b-a");
    EXPECT_EQ(sorted.variables.value("SELF"), "x");
    EXPECT_EQ(sorted.variables.value("TWICE"), "$$A");
    EXPECT_EQ(sorted.variables.value("RAW"), "$A");
    EXPECT_EQ(sorted.variables.value("OF_RAW"), "<$RAW>");
    EXPECT_EQ(sorted.variables.value("OF_FILE"), "<$FILE>");
    EXPECT_EQ(sorted.variables.value("UNKNOWN"), "$NOPE");
}

TEST(SortAndExpand, LeavesNoReferencesToReadersWithinGitLab) {
    const auto sorted = sort_and_expand({{"RAW", "$A", true},
                                         {"OF_RAW", "<$RAW>"},
                                         {.key = "FILE", .value = "$A", .is_file = true},
                                         {"OF_FILE", "<$FILE>"},
                                         {"UNKNOWN", "<$NOPE>"},
                                         {"TWICE", "$$A"},
                                         {"A", "a"}},
                                        Reader::kGitLab);
    EXPECT_EQ(sorted.variables.value("OF_RAW"), "<$A>");
    EXPECT_EQ(sorted.variables.value("OF_FILE"), "<a>");
    EXPECT_EQ(sorted.variables.value("UNKNOWN"), "<>");
    EXPECT_EQ(sorted.variables.value("TWICE"), "$$A");
}

TEST(SortAndExpand, ExpandsNothingWhenThereIsACycle) {
    const auto sorted =
        sort_and_expand({{"A", "$B"}, {"B", "$A"}, {"C", "$D"}, {"D", "1"}}, Reader::kGitLab);
    EXPECT_EQ(sorted.cycles, (std::vector<std::vector<std::string>>{{"A", "B"}}));
    EXPECT_EQ(sorted.variables.value("C"), "$D");
}

TEST(SortAndExpand, NamesAllCyclesInTheOrderOfTheSearch) {
    const auto sorted = sort_and_expand(
        {{"A", "$C"}, {"X", "$Y"}, {"B", "$A"}, {"C", "$B"}, {"Y", "$X"}}, Reader::kGitLab);
    EXPECT_EQ(sorted.cycles, (std::vector<std::vector<std::string>>{{"A", "C", "B"}, {"X", "Y"}}));
}

TEST(SortAndExpand, LimitsAllValuesTogether) {
    Collection variables{{"A", std::string(1000, 'x')}};
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "$A";
    variables.set("B", many);
    for (int i = 0; i < 100; ++i) variables.set("C" + std::to_string(i), "$B");
    EXPECT_FALSE(sort_and_expand(variables, Reader::kRunner).too_long.empty());
}

TEST(ExpandNested, InsertsValuesWhoseReferencesAreReplaced) {
    const Collection variables{{"A", "1"}, {"B", "$A-b"}, {"C", "$B$NOPE"}};
    EXPECT_EQ(expand_nested("$C/$NOPE", variables, Undefined::kKeep), "1-b/$NOPE");
    EXPECT_EQ(expand_nested("$C/$NOPE", variables, Undefined::kEmpty), "1-b/");
}

TEST(Slug, IsTheSameAsInGitLab) {
    EXPECT_EQ(slug("Feature/ABC_1"), "feature-abc-1");
    EXPECT_EQ(slug("release/1.0"), "release-1-0");
    EXPECT_EQ(slug("-x-"), "x");
    EXPECT_EQ(slug("äöü"), "");
    EXPECT_EQ(slug(std::string(70, 'a')), std::string(63, 'a'));
}

TEST(EnvironmentSlug, IsTheSameAsInGitLab) {
    EXPECT_EQ(environment_slug("production"), "production");
    EXPECT_EQ(environment_slug("Prod"), "prod-njlta9");
    EXPECT_EQ(environment_slug("review/feature-1"), "review-feature-1-1q251u");
    EXPECT_EQ(environment_slug("1abc"), "env-1abc-rpfhi6");
    EXPECT_EQ(environment_slug("abc-"), "abc");
}

TEST(GroupName, RemovesTheSuffixOfParallelJobs) {
    EXPECT_EQ(plan::group_name("rspec 1/3"), "rspec");
    EXPECT_EQ(plan::group_name("rspec:1/3"), "rspec");
    EXPECT_EQ(plan::group_name("job: [a] 1/2"), "job");
    EXPECT_EQ(plan::group_name("rspec 01 / 12"), "rspec");
    EXPECT_EQ(plan::group_name("name 10/20/30"), "name 10/20/30");
    EXPECT_EQ(plan::group_name("rspec 1:3"), "rspec");
    EXPECT_EQ(plan::group_name("rspec 1 3"), "rspec");
    EXPECT_EQ(plan::group_name("plain"), "plain");
}

}  // namespace
}  // namespace runner::pipeline::variables
