#include "runner/script/variable_expansion.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace {

using runner::script::expand_variables;

TEST(VariableExpansion, ReplacesEveryFormOfReference) {
    const std::map<std::string, std::string, std::less<>> values{{"A", "1"}, {"A_B", "2"}};
    const auto value_of = [&](std::string_view name) {
        const auto entry = values.find(name);
        return entry == values.end() ? std::string() : entry->second;
    };
    const std::vector<std::pair<std::string, std::string>> cases{
        {"$A", "1"},
        {"${A}", "1"},
        {"$A_B", "2"},
        {"${A}_B", "1_B"},
        {"$A.x", "1.x"},
        {"$$A", "$A"},
        {"$", "$"},
        {"a$", "a$"},
        {"$NOT", ""},
        {"${NOT}", ""},
        {"$1 x", " x"},
        {"$* x", " x"},
        {"${", ""},
        {"${A", "A"},
        {"$-", ""},
        {"$/x", "$/x"},
        {"100% $A%", "100% 1%"},
        {"%A%", "%A%"},
        {"", ""},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(expand_variables(text, value_of), expected) << text;
}

TEST(VariableExpansion, LeavesReferencesInValuesAlone) {
    EXPECT_EQ(expand_variables("$A", [](std::string_view) { return "$A ${B} $$"; }), "$A ${B} $$");
}

}  // namespace
