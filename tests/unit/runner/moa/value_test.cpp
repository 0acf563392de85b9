#include "runner/moa/value.hpp"

#include <gtest/gtest.h>

namespace {

using namespace runner::moa;

TEST(MoaValue, OfJsonHasTheKindOfItsText) {
    Budget budget;
    for (const char* json : {"true", "false", "0", "-1.5", "[]", "{}", R"(["ä",{"a":[null]}])"}) {
        const auto value = value_of_json(json);
        ASSERT_TRUE(value) << json;
        EXPECT_EQ(text_of(*value, budget), json);
    }
    EXPECT_EQ(value_of_json("null")->kind(), Kind::kNull);
    EXPECT_EQ(value_of_json(R"("${{ x }}")")->string(), "${{ x }}");
    EXPECT_FALSE(value_of_json("[1"));
    EXPECT_FALSE(value_of_json(""));
}

TEST(MoaValue, OfJsonIsNotNestedWithoutEnd) {
    EXPECT_TRUE(value_of_json(std::string(200, '[') + std::string(200, ']')));
    EXPECT_FALSE(value_of_json(std::string(202, '[') + std::string(202, ']')));
    EXPECT_FALSE(value_of_json(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST(MoaValue, WorkEndsWithTheBudget) {
    const Value text(std::string(1000, 'x'));
    const Value list(Value::Array(10, text));
    Budget budget(5000);
    EXPECT_EQ(compare(text, text, budget), 0);
    EXPECT_EQ(compare(list, list, budget), std::nullopt);
    EXPECT_EQ(text_of(list, budget), std::nullopt);
}

}  // namespace
