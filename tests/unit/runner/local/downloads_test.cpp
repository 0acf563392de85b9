#include "runner/local/downloads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

const char* const kPipeline = R"(
stages: [build, test, deploy]
a: {stage: build, script: x}
b: {stage: build, script: x, parallel: 2}
c: {stage: test, script: x}
named: {stage: deploy, script: x, dependencies: [a]}
none: {stage: deploy, script: x, dependencies: []}
needing: {stage: deploy, script: x, needs: [{job: a, artifacts: false}, c]}
all: {stage: deploy, script: x}
both: {stage: deploy, script: x, needs: [a, c], dependencies: [c]}
at_once: {stage: deploy, script: x, needs: [], dependencies: [a]}
same_stage: {stage: test, script: x, dependencies: [a, c]}
)";

class Downloads : public testing::Test {
  protected:
    std::string of(const std::string& name) {
        std::string text;
        for (std::size_t i = 0; i < plan_.pipeline.jobs.size(); ++i) {
            if (plan_.pipeline.jobs[i].job->name != name) continue;
            for (const std::size_t earlier : jobs_to_download(plan_.pipeline, i)) {
                text += plan_.pipeline.jobs[earlier].job->name + ", ";
            }
        }
        return text;
    }
    Planned plan_{kPipeline};
};

TEST_F(Downloads, AJobDownloadsFromAllEarlierStages) {
    EXPECT_EQ(of("all"), "a, b 1/2, b 2/2, c, same_stage, ");
    EXPECT_EQ(of("c"), "a, b 1/2, b 2/2, ");
    EXPECT_EQ(of("a"), "");
}

TEST_F(Downloads, DependenciesAndNeedsLimitTheDownloads) {
    EXPECT_EQ(of("named"), "a, ");
    EXPECT_EQ(of("none"), "");
    EXPECT_EQ(of("needing"), "c, ");
    EXPECT_EQ(of("both"), "c, ");
    EXPECT_EQ(of("at_once"), "");
    EXPECT_EQ(of("same_stage"), "a, ");
}

TEST(Dotenv, ReadsOneVariablePerLine) {
    const auto variables = parse_dotenv("A=1\nB = \"two words\"\r\nC='$A'\nD=x=y\n1=\nA=2");
    ASSERT_TRUE(variables);
    ASSERT_EQ(variables->size(), 5U);
    EXPECT_EQ((*variables)[0].value, "2");
    EXPECT_EQ((*variables)[1].key, "B");
    EXPECT_EQ((*variables)[1].value, "\"two words\"");
    EXPECT_EQ((*variables)[2].value, "'$A'");
    EXPECT_FALSE((*variables)[2].raw);
    EXPECT_EQ((*variables)[3].value, "x=y");
    EXPECT_EQ((*variables)[4].value, "");
}

TEST(Dotenv, RefusesWhatGitLabRefuses) {
    for (const char* text : {"no equals sign", "\nB=1", "  "}) {
        const auto variables = parse_dotenv(std::string("OK=1\n") + text);
        ASSERT_FALSE(variables) << text;
        EXPECT_EQ(variables.error().message,
                  "artifacts:reports:dotenv: Invalid Format: line 2 is not KEY=value");
    }
    for (const char* text : {"A-B=1", "=1"}) {
        const auto variables = parse_dotenv(std::string("OK=1\n") + text);
        ASSERT_FALSE(variables) << text;
        EXPECT_THAT(variables.error().message, testing::HasSubstr("Key can contain only letters"));
    }
    EXPECT_FALSE(parse_dotenv("A=" + std::string(6000, 'x')));
    std::string many;
    for (int i = 0; i < 20; ++i) many += "V" + std::to_string(i) + "=1\n";
    EXPECT_TRUE(parse_dotenv(many + "V0=2\n"));
    EXPECT_FALSE(parse_dotenv(many + "V20=1\n"));
}

}  // namespace
}  // namespace runner::local
