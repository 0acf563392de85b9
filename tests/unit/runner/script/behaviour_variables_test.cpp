#include "runner/script/behaviour_variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::BehaviourVariables;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::ScriptJob;

TEST(BehaviourVariables, ThatDoNotParseGiveTheDefaultAndAWarning) {
    ScriptJob job;
    job.set("YES", "t");
    job.set("ODD", "maybe");
    job.set("N", "7");
    job.set("BAD", "7x");
    job.set("MANY", "99");
    job.set("FEW", "0");
    job.set("LONG", "1m5s");
    job.set("BACK", "-1s");
    const auto variables = job.variables();
    BehaviourVariables behaviour(variables);
    EXPECT_TRUE(behaviour.flag("YES", false));
    EXPECT_TRUE(behaviour.flag("ODD", true));
    EXPECT_FALSE(behaviour.flag("UNSET", false));
    EXPECT_EQ(behaviour.number("N", 1), 7);
    EXPECT_EQ(behaviour.number("BAD", 1), 1);
    EXPECT_EQ(behaviour.attempts("MANY"), 10);
    EXPECT_EQ(behaviour.attempts("FEW"), 1);
    EXPECT_EQ(behaviour.attempts("UNSET"), 1);
    EXPECT_EQ(behaviour.duration("LONG", {}), std::chrono::seconds(65));
    EXPECT_EQ(behaviour.duration("BACK", std::chrono::seconds(2)), std::chrono::seconds(2));
    const auto warnings = behaviour.take_warnings();
    EXPECT_THAT(
        warnings,
        ElementsAre(HasSubstr("ODD: expected bool got \"maybe\""), HasSubstr("BAD: expected int"),
                    HasSubstr("MANY: number of attempts out of the range [1, 10]"),
                    HasSubstr("FEW: number of attempts"),
                    HasSubstr("BACK: expected duration got \"-1s\", using default value: 2s")));
    EXPECT_THAT(behaviour.take_warnings(), IsEmpty());
}

TEST(BehaviourVariables, AreCheckedBeforeTheJobBegins) {
    ScriptJob job;
    job.set("GIT_STRATEGY", "pull");
    job.set("GIT_CHECKOUT", "maybe");
    job.set("GET_SOURCES_ATTEMPTS", "11");
    job.set("GIT_SUBMODULE_DEPTH", "all");
    job.set("FF_TIMESTAMPS", "perhaps");
    const auto variables = job.variables();
    BehaviourVariables behaviour(variables);
    behaviour.check_all(true);
    EXPECT_THAT(behaviour.take_warnings(),
                ElementsAre(HasSubstr("FF_TIMESTAMPS: expected bool"),
                            HasSubstr("GIT_CHECKOUT: expected bool"),
                            HasSubstr("GET_SOURCES_ATTEMPTS: number of attempts"),
                            HasSubstr("GIT_SUBMODULE_DEPTH: expected int"),
                            HasSubstr("got \"pull\", using default value 'fetch'")));
    behaviour.check_all(true);
    EXPECT_THAT(behaviour.take_warnings(), IsEmpty());
}

TEST(BehaviourVariables, HaveNothingToSayAboutAJobWithoutThem) {
    const auto variables = ScriptJob().variables();
    BehaviourVariables behaviour(variables);
    behaviour.check_all(false);
    EXPECT_THAT(behaviour.take_warnings(), IsEmpty());
}

}  // namespace
