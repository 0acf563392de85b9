#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::yaml {
namespace {

struct Row {
    const char* text;
    const char* value;  // in Ruby's notation, which shows the type
};

class ScalarTest : public testing::TestWithParam<Row> {};

TEST_P(ScalarTest, IsReadAsInGitLab) {
    const auto value = load(std::string("a: ") + GetParam().text);
    ASSERT_TRUE(value) << value.error().text;
    EXPECT_EQ(inspect(*value->find("a")), GetParam().value);
}

const Row kRows[] = {
    {"true", "true"},
    {"yes", "true"},
    {"On", "true"},
    {"FALSE", "false"},
    {"off", "false"},
    {"no", "false"},
    {"y", "\"y\""},
    {"n", "\"n\""},
    {"012", "10"},
    {"0o17", "\"0o17\""},
    {"0x1F", "31"},
    {"1_000", "1000"},
    {"1.10", "1.1"},
    {"1.0", "1.0"},
    {".5", "0.5"},
    {"1e3", "\"1e3\""},
    {"12:30", "45000"},
    {"1:30", "5400"},
    {"01:02:03", "3723"},
    {"12:30.5", "45030.0"},
    {"~", "nil"},
    {"null", "nil"},
    {"", "nil"},
    {":word", ":word"},
    {"\":word\"", "\":word\""},
    {"08", "\"08\""},
    {"0b101", "5"},
    {"-12", "-12"},
    {"+7", "7"},
    {"1,000", "1000"},
    {"1.5e+3", "1500.0"},
    {"'012'", "\"012\""},
    {"!!str 12", "\"12\""},
    {"!foo bar", "\"bar\""},
    {"!$A", "nil"},
    {".", "\".\""},
    {"1.2.3", "\"1.2.3\""},
    {"v1.0", "\"v1.0\""},
    {"[1, 2]", "[1, 2]"},
    {"99999999999999999999", "\"99999999999999999999\""},
};

INSTANTIATE_TEST_SUITE_P(Table, ScalarTest, testing::ValuesIn(kRows));

TEST(Load, RefusesDates) {
    EXPECT_EQ(load("a: 2020-01-01").error().text, "Tried to load unspecified class: Date");
    EXPECT_EQ(load("a: 2020-01-01 10:00:00").error().text, "Tried to load unspecified class: Time");
}

TEST(Load, MergesAtThePositionOfTheMergeKey) {
    const auto value = load(
        "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\n"
        "first: {<<: *a, x: 9}\nlast: {x: 9, <<: *a}\nlist: {<<: [*a, *b]}\n");
    ASSERT_TRUE(value);
    EXPECT_EQ(inspect(*value->find("first")), R"({"x"=>9, "y"=>1})");
    EXPECT_EQ(inspect(*value->find("last")), R"({"x"=>1, "y"=>1})");
    EXPECT_EQ(inspect(*value->find("list")), R"({"x"=>1, "z"=>2, "y"=>1})");
}

TEST(Load, MergesTheEntriesSoFarOfAMapThatIsNotComplete) {
    const auto value = load(".x: &x\n  A: b\n  <<: *x\n  c: {<<: [*x], d: 1}\n");
    ASSERT_TRUE(value);
    EXPECT_EQ(inspect(*value->find(".x")), R"({"A"=>"b", "c"=>{"A"=>"b", "d"=>1}})");
}

struct PriorityRow {
    const char* text;
    const char* error;  // its beginning
};

class LoadPriorityTest : public testing::TestWithParam<PriorityRow> {};

TEST_P(LoadPriorityTest, ReportsSyntaxThenValuesThenSize) {
    const auto value = load(GetParam().text);
    ASSERT_FALSE(value);
    EXPECT_THAT(value.error().text, testing::StartsWith(GetParam().error));
}

const PriorityRow kPriorityRows[] = {
    {"a: &a {b: *a}\nc: [x\n", "(<unknown>): did not find"},
    {"a: *nope\nc: [x\n", "(<unknown>): did not find"},
    {"a: 2020-01-01\nc: [x\n", "(<unknown>): did not find"},
    {"a: &a {b: *a}\nc: *nope\n", "Unknown alias: nope"},
    {"a: &a {b: *a}\nc: 2020-01-01\n", "Tried to load unspecified class: Date"},
    {"a: *nope\nb: 2020-01-01\n", "Unknown alias: nope"},
    {"a: 2020-01-01\nb: *nope\n", "Tried to load unspecified class: Date"},
    {"a: &a {b: *a}\nc: x\n", "The parsed YAML is too big"},
};

INSTANTIATE_TEST_SUITE_P(Table, LoadPriorityTest, testing::ValuesIn(kPriorityRows));

TEST(Load, SyntaxBehindATooDeepValueHasPriority) {
    const std::string deep = "a: " + std::string(200, '[') + std::string(200, ']') + "\n";
    EXPECT_EQ(load(deep + "b: x\n").error().text, "The parsed YAML is too big");
    EXPECT_THAT(load(deep + "b: [x\n").error().text, testing::StartsWith("(<unknown>): did not"));
}

struct QuoteRow {
    const char* text;
    std::uint32_t line;
    std::uint16_t column;
};

class QuoteTest : public testing::TestWithParam<QuoteRow> {};

TEST_P(QuoteTest, AnUnclosedQuotePointsAtItsOpening) {
    const auto value = load(GetParam().text);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().mark, (Mark{GetParam().line, GetParam().column, 0}));
}

const QuoteRow kQuoteRows[] = {
    {"a:\n  script: \"echo\n  stage: x\n", 2, 11},
    {"a:\n  script: 'echo\n  stage: x\n", 2, 11},
    {"a: {script: \"echo}\n", 1, 13},
    {"ä: 'x\n", 1, 4},
    // The next quote of the file closes it.
    {"a:\n  script: \"echo\nb:\n  script: \"echo\"\n", 2, 11},
    {"a: ['x, y]\nb: ['z']\n", 1, 5},
    {"a: 'x\n...\nb: c\n", 1, 4},
    // A key without a colon.
    {"a: b\nkey\nb: c\n", 2, 1},
    // This quote is closed.
    {"a: \"x\" y\n", 1, 8},
};

INSTANTIATE_TEST_SUITE_P(Table, QuoteTest, testing::ValuesIn(kQuoteRows));

TEST(Load, LastOfEqualKeysOverridesOthers) {
    EXPECT_EQ(inspect(*load("a: 1\na: 2\n")), R"({"a"=>2})");
}

TEST(Load, EveryValueHasItsPosition) {
    const auto parsed = read("a:\n  - b\n  -   c: d\n", 3, 10);
    ASSERT_TRUE(parsed);
    const Value& map = parsed->value.find("a")->items()[1];
    EXPECT_EQ(map.find("c")->mark(), (Mark{12, 10, 3}));
}

TEST(Load, RefusesFilesOfExponentialSize) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k) {
            text += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
        }
        text += "]\n";
    }
    EXPECT_EQ(load(text).error().text, "The parsed YAML is too big");
    EXPECT_EQ(load("a: " + std::string(200, '[') + std::string(200, ']')).error().text,
              "The parsed YAML is too big");
    EXPECT_EQ(load("a: &a [*a]").error().text, "The parsed YAML is too big");
    EXPECT_FALSE(load("a: " + std::string(100'000, '[')));
}

TEST(Print, TagsATextThatLooksLikeAMergeKey) {
    const auto value = load("a: ['<<', '=']\n'<<': {'<<': 1}\n");
    ASSERT_TRUE(value);
    EXPECT_EQ(to_yaml(*load(".x: ['<<', '=', a]")), "---\n\".x\":\n- !!str '<<'\n- \"=\"\n- a\n");
    EXPECT_EQ(inspect(*load(to_yaml(*value))), inspect(*value));
}

TEST(Print, PrintsKeysThatAreNoText) {
    const auto value = load("? [a, b]\n: 1\n? {c: d}\n: 2\n3: 4\n");
    ASSERT_TRUE(value);
    EXPECT_EQ(to_yaml(*value), "---\n'[\"a\", \"b\"]': 1\n'{\"c\"=>\"d\"}': 2\n'3': 4\n");
}

TEST(Print, PrintsWhatItLoads) {
    const std::string text =
        "---\na: '1'\nb:\n- x\n- 'yes'\n- \"$A\"\nc: |\n  one\n  two\nd: {}\ne:\nf: 1.5\n";
    const auto value = load(text);
    ASSERT_TRUE(value) << value.error().text;
    EXPECT_EQ(to_yaml(*value), text);
}

struct DurationRow {
    const char* text;
    long seconds;  // 0: not a duration
};

class DurationTest : public testing::TestWithParam<DurationRow> {};

TEST_P(DurationTest, IsReadAsInGitLab) {
    const auto duration = parse_duration(GetParam().text);
    EXPECT_EQ(duration ? duration->count() : 0, GetParam().seconds) << GetParam().text;
}

const DurationRow kDurations[] = {{"30", 30},
                                  {"90s", 90},
                                  {"1h 30m", 5400},
                                  {"1h", 3600},
                                  {"30 minutes", 1800},
                                  {"2 hrs 20 min", 8400},
                                  {"1.5 hours", 5400},
                                  {"1 hr, 10 min", 4200},
                                  {"3 hrs and 4 min", 11040},
                                  {"01:30:00", 5400},
                                  {"1:30", 90},
                                  {"1 day", 86400},
                                  {"1 week", 604800},
                                  {"1 month", 2592000},
                                  {"6 mos 1 day", 15638400},
                                  {"1 year", 31557600},
                                  {"10 foo", 10},
                                  {"-1 hour", 3600},
                                  {"half an hour", 3600},
                                  {"0", 0},
                                  {"foo", 0},
                                  {"", 0},
                                  {"1h30m", 5400},
                                  {"30 days", 2592000},
                                  {"31 days", 2678400}};

INSTANTIATE_TEST_SUITE_P(Table, DurationTest, testing::ValuesIn(kDurations));

}  // namespace
}  // namespace runner::pipeline::yaml
