#include "runner/commands/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

using namespace runner::commands;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<Flag> kFlags = {
    {{"url", "u"}, Flag::Kind::kText, "RUNNER_TEST_URL", "URL", "address"},
    {{"locked"}, Flag::Kind::kBool, "RUNNER_TEST_LOCKED", "", "locked"},
    {{"non-interactive", "n"}, Flag::Kind::kBool, "", "", "no questions"},
    {{"env"}, Flag::Kind::kList, "RUNNER_TEST_ENV", "K=V", "variables"},
    {{"name", "description"}, Flag::Kind::kText, "", "NAME", ""},
};

base::Result<Values> parse(const std::vector<std::string>& arguments) {
    return parse_arguments(kFlags, arguments);
}

class Arguments : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"RUNNER_TEST_URL", "RUNNER_TEST_LOCKED", "RUNNER_TEST_ENV"})
            ::unsetenv(name);
    }
};

TEST_F(Arguments, ATextFlagHasSeveralForms) {
    for (const auto& form : std::vector<std::vector<std::string>>{{"--url", "x"},
                                                                  {"--url=x"},
                                                                  {"-u", "x"},
                                                                  {"-url", "x"},
                                                                  {"-url=x"},
                                                                  {"--url", "y", "-u", "x"}}) {
        const auto values = parse(form);
        ASSERT_TRUE(values) << form[0] << ": " << values.error().message;
        EXPECT_EQ(values->text("url"), "x") << form[0];
    }
}

TEST_F(Arguments, AFlagMayHaveSeveralNames) {
    EXPECT_EQ(parse({"--description", "d"})->text("name"), "d");
}

TEST_F(Arguments, AValueMayBeginWithADash) {
    for (const char* odd :
         {"-x", "--url", "", "=", "a b", "{x}", "[1,2]", "a,b", "\"q\"", "%%", "-", "false"}) {
        const auto values = parse({"--name", odd, "--url", odd});
        ASSERT_TRUE(values) << odd << ": " << values.error().message;
        EXPECT_EQ(values->text("name"), odd);
        EXPECT_EQ(values->text("url"), odd);
    }
    EXPECT_EQ(parse({"--name="})->text("name"), "");
    EXPECT_TRUE(parse({"--name="})->has("name"));
    EXPECT_EQ(parse({"--name=--locked"})->text("name"), "--locked");
}

TEST_F(Arguments, BooleansTakeNoSeparateValue) {
    EXPECT_TRUE(parse({"--locked"})->flag("locked"));
    EXPECT_TRUE(parse({"-locked"})->flag("locked"));
    EXPECT_FALSE(parse({"--locked=false"})->flag("locked"));
    EXPECT_TRUE(parse({"--locked=false"})->has("locked"));
    EXPECT_FALSE(parse({"--locked", "--locked=0"})->flag("locked"));
    EXPECT_TRUE(parse({"-n", "--url", "x"})->flag("non-interactive"));
    EXPECT_FALSE(parse({})->has("locked"));
    EXPECT_THAT(parse({"--locked", "false"})->words(), ElementsAre("false"));
    const auto wrong = parse({"--locked=maybe"});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message, "--locked must be true or false");
}

TEST_F(Arguments, ListsAreRepeatedAndKeepTheirCommas) {
    EXPECT_THAT(parse({"--env", "A=1,2", "--env", "B=[x]", "word"})->list("env"),
                ElementsAre("A=1,2", "B=[x]"));
    EXPECT_THAT(parse({"--env", "A=1", "word"})->words(), ElementsAre("word"));
    EXPECT_THAT(parse({})->list("env"), IsEmpty());
}

TEST_F(Arguments, AFlagWinsOverItsEnvironmentVariable) {
    ::setenv("RUNNER_TEST_URL", "env", 1);
    ::setenv("RUNNER_TEST_LOCKED", "true", 1);
    ::setenv("RUNNER_TEST_ENV", "A=1,B=2", 1);
    EXPECT_EQ(parse({})->text("url"), "env");
    EXPECT_TRUE(parse({})->flag("locked"));
    EXPECT_THAT(parse({})->list("env"), ElementsAre("A=1", "B=2"));
    EXPECT_EQ(parse({"--url", "flag"})->text("url"), "flag");
    EXPECT_FALSE(parse({"--locked=false"})->flag("locked"));
    ::setenv("RUNNER_TEST_LOCKED", "maybe", 1);
    EXPECT_THAT(parse({}).error().message, HasSubstr("RUNNER_TEST_LOCKED"));
    ::setenv("RUNNER_TEST_LOCKED", "", 1);
    EXPECT_FALSE(parse({})->has("locked"));
}

TEST_F(Arguments, AnUnknownFlagIsNamedButNotItsValue) {
    EXPECT_EQ(parse({"--uri", "x"}).error().message, "there is no flag --uri; did you mean --url?");
    const auto token = parse({"--tokne=glrt-secret"});
    ASSERT_FALSE(token);
    EXPECT_THAT(token.error().message, HasSubstr("there is no flag --tokne"));
    EXPECT_THAT(token.error().message, Not(HasSubstr("secret")));
    EXPECT_THAT(parse({"--url"}).error().message, HasSubstr("--url"));
    EXPECT_FALSE(parse({"-x"}));
}

TEST_F(Arguments, ArgumentsAfterTwoDashesAreNoFlags) {
    EXPECT_THAT(parse({"--", "--url", "x"})->words(), ElementsAre("--url", "x"));
}

TEST_F(Arguments, HelpShowsNamesValuesAndVariables) {
    const std::string help = describe_flags(kFlags);
    EXPECT_THAT(help, HasSubstr("  --url, -u URL                   address [$RUNNER_TEST_URL]\n"));
    EXPECT_THAT(help, HasSubstr("  --locked                        locked"));
    EXPECT_THAT(help, Not(HasSubstr("--name")));
}

}  // namespace
