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
    EXPECT_EQ(list.index_of("B"), 2U);
    EXPECT_EQ(list.index_of("C"), std::nullopt);
    EXPECT_EQ(list.all().size(), 3U);
    EXPECT_EQ(list.effective(), (std::vector<std::size_t>{1, 2}));
}

TEST(VariableList, ChangesTheRunnersOwnEntryOnly) {
    VariableList list;
    list.add(entry("A", "configured"));
    list.add_own(entry("A", "own"));
    list.set_own("A", "changed");
    EXPECT_EQ(list.all()[1].value, "changed");
    EXPECT_EQ(list.all()[0].value, "configured");
    list.add(entry("A", "of the payload"));
    list.set_own("A", "hidden");
    EXPECT_EQ(list.all()[list.index_of("A").value()].value, "of the payload");
}

}  // namespace
