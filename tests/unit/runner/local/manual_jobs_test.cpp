#include "runner/local/manual_jobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const kThree = R"(
deploy: {script: x, when: manual, manual_confirmation: "To production?"}
roll back: {script: x, when: manual}
check: {script: x, when: manual, parallel: 2}
)";

TEST(ManualQuestion, ListsTheJobsWithNumbersStagesAndConfirmations) {
    const Planned planned(kThree);
    EXPECT_EQ(manual_question(planned.pipeline.jobs, {0, 1}, "child / "),
              "Manual jobs:\n"
              "  1  child / deploy  (test)  To production?\n"
              "  2  child / roll back  (test)\n"
              "Which to play? (numbers, \"all\", Enter for none)");
}

TEST(ManualAnswer, NamesJobsByNumberOrName) {
    const Planned planned(kThree);
    const std::vector<std::size_t> manual{0, 1, 2, 3};
    struct Case {
        const char* line;
        std::vector<std::size_t> chosen;
        std::optional<std::string> unknown;
    };
    const Case cases[] = {
        {"", {}, std::nullopt},
        {"all", {0, 1, 2, 3}, std::nullopt},
        {" all ", {0, 1, 2, 3}, std::nullopt},
        {"1", {0}, std::nullopt},
        {"2, 1", {1, 0}, std::nullopt},
        {"1 deploy", {0, 0}, std::nullopt},
        {"roll back", {1}, std::nullopt},
        {"check 1/2", {2}, std::nullopt},
        {"5", {}, "5"},
        {"1 nothing", {0}, "nothing"},
        {"roll back 1", {}, "roll"},
    };
    for (const Case& c : cases) {
        const auto answer = parse_manual_answer(c.line, planned.pipeline.jobs, manual);
        EXPECT_EQ(answer.unknown, c.unknown) << c.line;
        EXPECT_EQ(answer.chosen, c.chosen) << c.line;
    }
}

TEST(ManualAnswer, NumbersAreThoseOfTheListNotPositions) {
    const Planned planned(kThree);
    EXPECT_THAT(parse_manual_answer("1", planned.pipeline.jobs, {3}).chosen, ElementsAre(3));
}

TEST(FindManualNames, AnswersTheNamesThatAreJobsOfThePipeline) {
    const Planned planned(kThree);
    const auto found = find_manual_names(planned.pipeline.jobs, {"deploy", "check"}, "");
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre("check", "deploy"));
}

TEST(FindManualNames, RefusesANameThatNoJobCanHave) {
    const Planned planned(kThree);
    const auto found = find_manual_names(planned.pipeline.jobs, {"deplyo"}, "");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, base::ErrorKind::kNotFound);
    EXPECT_THAT(found.error().message, HasSubstr("--manual deplyo: there is no such job"));
}

TEST(FindManualNames, ANameMayBelongToAChildPipeline) {
    const Planned planned("t: {trigger: {include: c.yml}}\n");
    for (const char* name : {"anything", "t / job"}) {
        const auto found = find_manual_names(planned.pipeline.jobs, {name}, "");
        ASSERT_TRUE(found) << name;
        EXPECT_THAT(*found, IsEmpty()) << name;
    }
    EXPECT_FALSE(find_manual_names(planned.pipeline.jobs, {"u / job"}, ""));
    const Planned elsewhere("t: {trigger: group/project}\n");
    EXPECT_FALSE(find_manual_names(elsewhere.pipeline.jobs, {"anything"}, ""));
}

TEST(FindManualNames, AChildPipelineKnowsItsJobsWithItsPrefixAndRefusesNothing) {
    const Planned planned("m: {script: x, when: manual}\n");
    const auto found = find_manual_names(planned.pipeline.jobs, {"t / m", "u / m"}, "t / ");
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre("t / m"));
}

}  // namespace
}  // namespace runner::local
