#include "runner/script/parse_bool.hpp"

#include <gtest/gtest.h>

namespace {

using runner::script::parse_bool;

TEST(ParseBool, ReadsBooleansAsGoDoes) {
    for (const auto* text : {"1", "t", "T", "true", "TRUE", "True"})
        EXPECT_EQ(parse_bool(text), true) << text;
    for (const auto* text : {"0", "f", "F", "false", "FALSE", "False"})
        EXPECT_EQ(parse_bool(text), false) << text;
    for (const auto* text : {"", "yes", "no", "tRUE", "2", " true"})
        EXPECT_EQ(parse_bool(text), std::nullopt) << text;
}

}  // namespace
