#include "runner/script/variable_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::script::NameCheck;
using runner::script::shown_name;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

protocol::gitlab::Variable named(std::string key, bool file = false) {
    protocol::gitlab::Variable variable;
    variable.key = std::move(key);
    variable.value = "v";
    variable.file = file;
    return variable;
}

TEST(VariableNames, DecidesWhichVariablesAProgramCanGet) {
    NameCheck names;
    for (const auto* key : {"A", "_a1", "a-b", "a.b", "1a", "ä", "a b", "../x", "a/b"}) {
        EXPECT_TRUE(names.accept(named(key))) << key;
    }
    for (const auto& key :
         {std::string(), std::string("A=B"), std::string("=", 1), std::string("A\0B", 3)}) {
        EXPECT_FALSE(names.accept(named(key))) << key;
    }
    auto zero = named("ZERO");
    zero.value = std::string("a\0b", 3);
    EXPECT_FALSE(names.accept(zero));
}

TEST(VariableNames, OfFilesAreNamesOfFiles) {
    NameCheck names;
    for (const auto* key : {"A", "a-b", "..a", "a b"}) EXPECT_TRUE(names.accept(named(key, true)));
    for (const auto& key : {std::string("../x"), std::string("/etc/x"), std::string("a/b"),
                            std::string(".."), std::string("."), std::string(256, 'a')}) {
        EXPECT_FALSE(names.accept(named(key, true))) << key;
    }
}

TEST(VariableNames, WarnsOncePerKind) {
    NameCheck names;
    for (const auto* key : {"GOOD", "a-b", "c.d", "a-b", "", "x=y"}) names.accept(named(key));
    EXPECT_THAT(names.warnings(),
                ElementsAre(testing::EndsWith(": \"\", x=y"), testing::EndsWith(": a-b, c.d")));
    EXPECT_THAT(names.warnings().back(), HasSubstr("dash"));
}

TEST(VariableNames, WarnsOfNothingInAUsualJob) {
    NameCheck names;
    names.accept(named("CI_JOB_ID"));
    EXPECT_THAT(names.warnings(), IsEmpty());
}

TEST(VariableNames, ListsSomeOfMany) {
    NameCheck names;
    for (int i = 10; i < 40; ++i) names.accept(named("a-" + std::to_string(i)));
    EXPECT_THAT(names.warnings().front(), testing::EndsWith("a-18, a-19 and 20 more"));
}

TEST(VariableNames, AreShownShortAndOnOneLine) {
    EXPECT_EQ(shown_name("a\nb\x1b"), "a?b?");
    EXPECT_EQ(shown_name(std::string(1000, 'x')), std::string(80, 'x') + "...");
}

}  // namespace
