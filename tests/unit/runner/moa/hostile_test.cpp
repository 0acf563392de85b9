#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/moa/moa_values.hpp"

namespace {

using namespace runner::moa;
using testing::HasSubstr;
using tests::moa::expanded;

std::string times(std::size_t count, std::string_view text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

std::string inside(const std::string& expression) { return expanded("${{ " + expression + " }}"); }

TEST(MoaLimits, NestingEndsAtAHundred) {
    EXPECT_EQ(inside(times(100, "(") + "1" + times(100, ")")), "1");
    for (const char* open : {"(", "[", "{a:", "str(", "\"${{", "[0][", "-(", "!["}) {
        for (const std::size_t depth : {101U, 100'000U})
            EXPECT_THAT(inside(times(depth, open)), HasSubstr("nested more than 100 times"))
                << open;
    }
}

TEST(MoaLimits, AnExpressionHasTenThousandParts) {
    EXPECT_EQ(inside("1" + times(9'999, " + 1")), "10000");
    for (const char* repeated : {"1 + ", "!", "- ", "'' || ", "1,", "str(1) == "})
        EXPECT_THAT(
            inside((*repeated == '1' && repeated[1] == ',' ? "[" : "") + times(100'000, repeated)),
            HasSubstr("more than 10000 parts"))
            << repeated;
    EXPECT_THAT(inside("job" + times(100'000, ".inputs")), HasSubstr("more than 10000 parts"));
    EXPECT_THAT(inside("job" + times(100'000, "[0]")), HasSubstr("more than 10000 parts"));
}

TEST(MoaLimits, LargeInputsAreNotMultiplied) {
    Value::Object names;
    names.emplace("a", Value(std::string(1U << 20U, 'x')));
    names.emplace("b", Value(std::string(1U << 20U, 'x')));
    const std::vector<std::string> cases{
        "'' + " + times(1000, "a + ") + "''",
        times(1000, "a != b || ") + "0",
        "str([" + times(1000, "a,") + "])",
        "[" + times(1000, "a,") + "] == [" + times(1000, "b,") + "]",
        "\"" + times(1000, "${{ a }}") + "\"",
    };
    for (const std::string& expression : cases) {
        Budget budget;
        const auto result = expand("${{ " + expression + " }}", names, budget);
        ASSERT_FALSE(result.has_value()) << expression.substr(0, 40);
        EXPECT_THAT(result.error().what, HasSubstr("too much work"));
    }
    Budget budget;
    const auto result = expand(times(1000, "${{ a }}"), names, budget);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().what, HasSubstr("too much work"));
}

TEST(MoaLimits, BytesThatAreNoUtf8AreOnlyBytes) {
    EXPECT_EQ(expanded("\xff\xfe${{ '\xff' }}"), "\xff\xfe\xff");
    EXPECT_THAT(expanded("${{ \xff }}"), HasSubstr("nothing has the name"));
    EXPECT_THAT(expanded(std::string("${{ \0 }}", 9)), HasSubstr("\"?\" has no meaning"));
    EXPECT_EQ(expanded(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(MoaLimits, MessagesStayShort) {
    EXPECT_LT(inside(std::string(100'000, 'x')).size(), 300U);
    EXPECT_LT(inside("job.inputs." + std::string(100'000, 'x')).size(), 300U);
    EXPECT_LT(inside("1 " + std::string(100'000, '9')).size(), 300U);
}

}  // namespace
