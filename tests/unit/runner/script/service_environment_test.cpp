#include "runner/script/service_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::service_environment;
using runner::script::TextExpander;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

protocol::gitlab::Variable own(std::string key, std::string value, bool raw = false) {
    protocol::gitlab::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.raw = raw;
    return variable;
}

class ServiceEnvironment : public testing::Test {
  protected:
    std::map<std::string, std::string> of(
        const std::vector<protocol::gitlab::Variable>& variables) {
        const auto of_job = job_.variables();
        TextExpander texts(of_job);
        const std::vector<executors::EnvironmentVariable> job_public{{"A", "job"}, {"B", "job"}};
        std::map<std::string, std::string> out;
        for (auto& variable : service_environment(job_public, variables, of_job, texts)) {
            EXPECT_TRUE(out.emplace(variable.name, variable.value).second) << variable.name;
        }
        problem_ = texts.problem();
        return out;
    }
    tests::ScriptJob job_;
    std::string problem_;
};

TEST_F(ServiceEnvironment, PutsOwnVariablesOverThoseOfTheJob) {
    EXPECT_THAT(of({own("B", "service"), own("C", "c")}),
                UnorderedElementsAre(Pair("A", "job"), Pair("B", "service"), Pair("C", "c")));
}

TEST_F(ServiceEnvironment, FollowsVariablesOfTheServiceAndOfTheJob) {
    job_.set("SECRET", "$PART!");
    job_.set("PART", "part");
    const auto environment = of({own("URL", "$HOST:$PORT"), own("PORT", "$BASE$BASE"),
                                 own("BASE", "5"), own("HOST", "db"), own("PASSWORD", "$SECRET"),
                                 own("RAW", "$HOST", true), own("PART", "$PART-own")});
    EXPECT_EQ(environment.at("URL"), "db:55");
    EXPECT_EQ(environment.at("PASSWORD"), "part!");
    EXPECT_EQ(environment.at("RAW"), "$HOST");
    EXPECT_EQ(environment.at("PART"), "part-own");
}

TEST_F(ServiceEnvironment, LeavesOutWhatNoProgramCanGet) {
    EXPECT_EQ(of({own("", "x"), own("C=D", "x")}).size(), 2U);
}

TEST_F(ServiceEnvironment, IsNotMadeWhenItIsTooLarge) {
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "$A";
    EXPECT_THAT(of({own("A", std::string(100'000, 'a')), own("X", many)}), IsEmpty());
    EXPECT_THAT(problem_, StartsWith("services:variables: the value of X"));
}

}  // namespace
