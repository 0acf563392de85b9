#include "base/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(DumpJson, ReplacesBytesThatAreNotUtf8) {
    const nlohmann::json value{{"b", "x\xff"}, {"a", 1}};
    EXPECT_EQ(base::dump_json(value), "{\"a\":1,\"b\":\"x\xef\xbf\xbd\"}");
}

TEST(DumpJson, KeepsTheOrderOfAnOrderedObject) {
    const nlohmann::ordered_json value{{"b", 2}, {"a", 1}};
    EXPECT_EQ(base::dump_json(value), R"({"b":2,"a":1})");
    EXPECT_EQ(base::dump_json(value, 2), "{\n  \"b\": 2,\n  \"a\": 1\n}");
}

TEST(ForeignJson, IsDiscardedWhenItIsNoneOrNestsTooDeeply) {
    const auto nested = [](std::size_t levels) {
        return std::string(levels, '[') + std::string(levels, ']');
    };
    EXPECT_EQ(base::parse_foreign_json(R"({"a":["[[[[\"[[["]})")["a"][0], "[[[[\"[[[");
    EXPECT_TRUE(base::parse_foreign_json(nested(100)).is_array());
    EXPECT_TRUE(base::parse_foreign_json(nested(101)).is_discarded());
    EXPECT_TRUE(base::parse_foreign_json("{\"a\":" + nested(450'000) + "}").is_discarded());
    EXPECT_TRUE(base::parse_foreign_json("{").is_discarded());
    EXPECT_TRUE(base::parse_foreign_json("").is_discarded());
}

}  // namespace
