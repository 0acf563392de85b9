#include "runner/pipeline/expression/expression.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace runner::pipeline::expression {
namespace {

const std::map<std::string, std::string, std::less<>> kVariables = {
    {"A", "abc"},  {"E", ""},        {"S", "  "},      {"F", "false"},  {"Z", "0"},
    {"T", "true"}, {"P", "/^ab.*/"}, {"PI", "/^AB/i"}, {"BADP", "/(/"}, {"L", "xxabcxx"},
    {"U", "a/b"},  {"N", "1"},       {"V", "/b/"}};

std::optional<std::string_view> lookup(std::string_view name, bool) {
    const auto found = kVariables.find(name);
    if (found == kVariables.end()) return std::nullopt;
    return found->second;
}

struct Row {
    const char* text;
    const char* outcome;  // "true", "false" or "invalid"
};

class ExpressionTest : public testing::TestWithParam<Row> {};

TEST_P(ExpressionTest, HasTheValueGitLabGives) {
    const auto expression = Expression::parse(GetParam().text);
    const std::string outcome = !expression                  ? "invalid"
                                : expression->truthy(lookup) ? "true"
                                                             : "false";
    EXPECT_EQ(outcome, GetParam().outcome) << GetParam().text;
}

const Row kRows[] = {
    {"$A", "true"},
    {"$E", "false"},
    {"$S", "false"},
    {"$F", "true"},
    {"$Z", "true"},
    {"$NOPE", "false"},
    {"!$NOPE", "true"},
    {"!$E", "true"},
    {"!$F", "false"},
    {"$NOPE == null", "true"},
    {"$E == null", "false"},
    {"$E == \"\"", "true"},
    {"$NOPE == \"\"", "false"},
    {"null == null", "true"},
    {"$T == true", "true"},
    {"true == \"true\"", "true"},
    {"$N == 1", "invalid"},
    {"$A == abc", "invalid"},
    {"$A == \"$A\"", "false"},
    {"\"str\"", "true"},
    {"\"\"", "false"},
    {"\"false\"", "true"},
    {"true", "true"},
    {"false", "false"},
    {"null", "false"},
    {"/abc/", "true"},
    {"$A =~ /bc/", "true"},
    {"$A =~ /^b/", "false"},
    {"$A =~ /ABC/i", "true"},
    {"$A =~ /../", "true"},
    {"$A =~ /b/", "invalid"},
    {"$A =~ /./", "invalid"},
    {"$A =~ $P", "true"},
    {"$A =~ $PI", "true"},
    {"$A =~ $BADP", "false"},
    {"$A =~ $L", "true"},
    {"$A =~ \"/b/\"", "true"},
    {"$A =~ $V", "true"},
    {"$A =~ $NOPE", "false"},
    {"$A !~ $NOPE", "true"},
    {"$NOPE =~ /abc/", "false"},
    {"$NOPE =~ /^$/", "true"},
    {"$U =~ /a\\/b/", "true"},
    {"$U =~ /a/b/", "invalid"},
    {"$A =~ /(?!x)abc/", "invalid"},
    {"$A =~ /abc/x", "invalid"},
    {"\"abc\" =~ /b/", "invalid"},
    {"$A && $NOPE", "false"},
    {"$A || $NOPE && $NOPE", "true"},
    {"$NOPE && ($A || $A)", "false"},
    {"!!$A", "true"},
    {"!$A && $A", "false"},
    {"$E || $A", "false"},
    {"$E && $A", "true"},
    {"$NOPE || $E || $A", "false"},
    {"!($E || $E)", "true"},
    {"$A == \"abc\" == true", "true"},
    {"$A == $A == $A", "false"},
    {"($A", "invalid"},
    {"$A)", "invalid"},
    {"()", "invalid"},
    {"$A $E", "invalid"},
    {"&& $A", "invalid"},
    {"$A == \"a\" ||", "invalid"},
    {"\"a\\\"b\"", "invalid"},
    {"${A} == \"abc\"", "invalid"},
    {"$A.B", "invalid"},
    {"nullable", "invalid"},
    {"truex", "invalid"},
    {"$A==\"abc\"&&$N==\"1\"", "true"},
    {"/abc/ =~ $A", "false"},
    {"", "invalid"},
    {"\"it's\" == \"it's\"", "true"},
    {"$A ==\n\"abc\"", "true"},
};

INSTANTIATE_TEST_SUITE_P(Vectors, ExpressionTest, testing::ValuesIn(kRows));

TEST(Expression, RefusesMoreThanOneHundredTokens) {
    std::string text = "$A";
    for (int i = 0; i < 49; ++i) text += " && $A";
    EXPECT_TRUE(Expression::parse(text));
    EXPECT_FALSE(Expression::parse(text + " && $A"));
}

TEST(Expression, ListsTheNamesOfVariables) {
    const auto expression = Expression::parse("$A == \"x\" && ($B || !$A)");
    ASSERT_TRUE(expression);
    EXPECT_EQ(expression->names(), (std::vector<std::string>{"A", "B", "A"}));
}

}  // namespace
}  // namespace runner::pipeline::expression
