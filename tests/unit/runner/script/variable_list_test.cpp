#include "runner/script/variable_list.hpp"

#include <gtest/gtest.h>

namespace {

using runner::script::VariableList;

VariableList::Variable entry(std::string key, std::string value) {
    VariableList::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    return variable;
}

TEST(VariableList, CountsTheLastEntryOfAName) {
    VariableList list;
    list.add(entry("B", "1"));
    list.add(entry("A", "2"));
    list.add(entry("B", "3"));
    ASSERT_NE(list.find("B"), nullptr);
    EXPECT_EQ(list.find("B")->value, "3");
    EXPECT_EQ(list.find("C"), nullptr);
    EXPECT_EQ(list.all().size(), 3U);
    const auto effective = list.effective();
    ASSERT_EQ(effective.size(), 2U);
    EXPECT_EQ(effective[0]->key, "A");
    EXPECT_EQ(effective[1]->value, "3");
}

TEST(VariableList, ChangesTheRunnersOwnEntryOnly) {
    VariableList list;
    list.add(entry("A", "configured"));
    list.add_own(entry("A", "own"));
    list.set_own("A", "changed");
    EXPECT_EQ(list.find("A")->value, "changed");
    EXPECT_EQ(list.all()[0].value, "configured");
    list.add(entry("A", "of the payload"));
    list.set_own("A", "hidden");
    EXPECT_EQ(list.find("A")->value, "of the payload");
}

}  // namespace
