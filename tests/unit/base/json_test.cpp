#include "base/json.hpp"

#include <gtest/gtest.h>

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

}  // namespace
