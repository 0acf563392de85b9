#include "base/names.hpp"

#include <gtest/gtest.h>

namespace {

using base::is_name;
using base::NameRule;

TEST(Names, HaveLettersDigitsAndUnderscores) {
    for (const char* text : {"a", "_", "9", "aZ_09"}) EXPECT_TRUE(is_name(text, {})) << text;
    for (const char* text : {"", "a-b", "a b", "a.b", "\xc3\xa9", "a\n"}) {
        EXPECT_FALSE(is_name(text, {})) << text;
    }
}

TEST(Names, FollowTheRuleOfTheirKind) {
    const NameRule no_digit_first{.digit_may_lead = false};
    EXPECT_FALSE(is_name("9a", no_digit_first));
    EXPECT_TRUE(is_name("a9", no_digit_first));
    EXPECT_FALSE(is_name("", no_digit_first));
    const NameRule with_dash{.also = "-"};
    EXPECT_TRUE(is_name("-a-", with_dash));
    EXPECT_FALSE(is_name("a.b", with_dash));
}

}  // namespace
