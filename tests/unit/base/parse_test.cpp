#include "base/parse.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using base::parse_bool;
using base::parse_number;

TEST(ParseNumber, TakesTheWholeText) {
    EXPECT_EQ(parse_number<int>("-12"), -12);
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_number<double>("1.5"), 1.5);
    for (const char* text : {"", " 1", "1 ", "+1", "1x", "0x1", "x"}) {
        EXPECT_FALSE(parse_number<int>(text).has_value()) << text;
    }
}

TEST(ParseNumber, RefusesNumbersThatDoNotFit) {
    EXPECT_FALSE(parse_number<std::uint16_t>("65536").has_value());
    EXPECT_FALSE(parse_number<std::uint16_t>("-1").has_value());
    EXPECT_FALSE(parse_number<std::int64_t>("9223372036854775808").has_value());
}

TEST(ParseBool, KnowsTheFormsOfGo) {
    for (const char* text : {"1", "t", "T", "true", "TRUE", "True"}) {
        EXPECT_EQ(parse_bool(text), true) << text;
    }
    for (const char* text : {"0", "f", "F", "false", "FALSE", "False"}) {
        EXPECT_EQ(parse_bool(text), false) << text;
    }
    for (const char* text : {"", "yes", "tRue", " 1"}) {
        EXPECT_FALSE(parse_bool(text).has_value()) << text;
    }
}

}  // namespace
