#include "runner/script/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace {

using protocol::gitlab::JobPayload;
using protocol::gitlab::Variable;
using runner::config::RunnerConfig;
using runner::script::JobDirectories;
using runner::script::PredefinedValues;
using runner::script::Variables;
using testing::ElementsAre;

Variable make(std::string key, std::string value) {
    Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = true;
    return variable;
}

struct Given {
    JobPayload payload;
    RunnerConfig runner;
    PredefinedValues predefined{.short_token = "abc"};
    JobDirectories directories{"/builds", "/builds/g/p", "/builds/g/p.tmp"};

    Given& add(std::string key, std::string value) {
        payload.variables.push_back(make(std::move(key), std::move(value)));
        return *this;
    }
    [[nodiscard]] Variables variables() const {
        Variables made(payload, runner, predefined);
        made.set_directories(directories);
        return made;
    }
};

std::string value_of(const std::vector<executors::EnvironmentVariable>& list,
                     std::string_view name) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& v) { return v.name == name; });
    return found == list.end() ? "(none)" : found->value;
}

TEST(Variables, LaterOnesWin) {
    Given given;
    given.runner.environment = {"A=runner", "B=runner", "CI_SERVER=runner"};
    given.add("A", "first")
        .add("A", "second")
        .add("CI_PROJECT_DIR", "/elsewhere")
        .add("CI_RUNNER_VERSION", "x");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("A"), "second");
    EXPECT_EQ(variables.get("B"), "runner");
    EXPECT_EQ(variables.get("CI_SERVER"), "yes");
    EXPECT_EQ(variables.get("CI_PROJECT_DIR"), "/elsewhere");
    EXPECT_NE(variables.get("CI_RUNNER_VERSION"), "x");
    const auto environment = variables.environment();
    EXPECT_EQ(std::count_if(environment.begin(), environment.end(),
                            [](const auto& v) { return v.name == "A"; }),
              1);
}

TEST(Variables, ExpandOnePassOnlyForScripts) {
    Given given;
    given.add("A", "${B}-$B-$NONE-$$B").add("B", "$C").add("C", "deep").add("F", "text");
    given.payload.variables[3].file = true;
    given.add("G", "<$F>");
    const auto environment = given.variables().environment();
    EXPECT_EQ(value_of(environment, "A"), "$C-$C--$B");
    EXPECT_EQ(value_of(environment, "B"), "deep");
    EXPECT_EQ(value_of(environment, "G"), "</builds/g/p.tmp/F>");
}

TEST(Variables, FollowChainsForTheRunnersOwnTexts) {
    Given given;
    given.runner.environment = {"E=$CI_CONCURRENT_ID-$A"};
    given.add("A", "$B").add("B", "$C").add("C", "deep");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("A"), "deep");
    EXPECT_EQ(variables.get("E"), "0-deep");
    EXPECT_EQ(value_of(variables.environment(), "E"), "0-$B");
    EXPECT_EQ(value_of(variables.public_environment(), "A"), "deep");
}

TEST(Variables, OfTheJobDoNotHideWhatTheRunnerFixes) {
    Given given;
    for (const char* name :
         {"CI_DISPOSABLE_ENVIRONMENT", "CI_RUNNER_VERSION", "CI_RUNNER_REVISION",
          "CI_RUNNER_EXECUTABLE_ARCH", "RUNNER_TEMP_PROJECT_DIR", "FF_TIMESTAMPS"}) {
        given.add(name, "of the job");
        given.runner.environment.push_back(std::string(name) + "=of the configuration");
    }
    const auto variables = given.variables();
    for (const auto& variable : variables.environment()) {
        EXPECT_EQ(variable.value.find("of the "), std::string::npos) << variable.name;
    }
    EXPECT_EQ(variables.get("RUNNER_TEMP_PROJECT_DIR"), given.directories.tmp);
}

TEST(Variables, AreRefusedWhenTheyBecomeTooLarge) {
    Given given;
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "$A";
    given.add("A", std::string(100'000, 'a')).add("B", many);
    const auto variables = given.variables();
    EXPECT_THAT(variables.problem(), testing::HasSubstr("the value of B"));
    EXPECT_EQ(variables.get("B"), "");
    EXPECT_EQ(variables.get("A"), "");
}

TEST(Variables, AreRefusedWhenMoreIsMaskedThanMasksCanHave) {
    Given given;
    for (int i = 0; i < 20; ++i) {
        given.add("M" + std::to_string(i), std::string(100'000, static_cast<char>('a' + i)));
        given.payload.variables.back().masked = true;
    }
    const auto variables = given.variables();
    EXPECT_THAT(variables.problem(), testing::HasSubstr("masked variables"));
    EXPECT_THAT(variables.masked_values(), testing::IsEmpty());
}

TEST(Variables, AreLeftOutWhenNoProgramCanGetThem) {
    Given given;
    given.runner.environment = {"=configured"};
    given.add("", "empty").add("../x", "outside").add("a-b", "odd");
    given.payload.variables[1].file = true;
    const auto variables = given.variables();
    EXPECT_FALSE(variables.has(""));
    EXPECT_FALSE(variables.has("../x"));
    EXPECT_THAT(variables.files(), testing::IsEmpty());
    EXPECT_EQ(variables.get("a-b"), "odd");
    EXPECT_EQ(variables.warnings().size(), 2U);
}

TEST(Variables, RawOnesAreNotExpanded) {
    Given given;
    given.add("A", "$B ${B} $$").add("B", "b");
    given.payload.variables[0].raw = true;
    given.add("C", "<$A>");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("A"), "$B ${B} $$");
    EXPECT_EQ(variables.get("C"), "<$B ${B} $$>");
}

TEST(Variables, FilesAreTheirPathsAndKeepTheirContent) {
    Given given;
    given.add("KEY", "content of $A").add("A", "1");
    given.payload.variables[0].file = true;
    given.add("USE", "see $KEY");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("KEY"), "/builds/g/p.tmp/KEY");
    EXPECT_EQ(variables.get("USE"), "see /builds/g/p.tmp/KEY");
    EXPECT_EQ(variables.content("KEY"), "content of 1");
    EXPECT_EQ(value_of(variables.files(), "KEY"), "content of 1");
    EXPECT_EQ(value_of(variables.environment(), "KEY"), "/builds/g/p.tmp/KEY");
}

TEST(Variables, SecretsStayOutOfContainerConfigurations) {
    Given given;
    given.add("PUBLIC", "p").add("PRIVATE", "x").add("MASKED", "m").add("FILE", "f");
    given.payload.variables[1].is_public = false;
    given.payload.variables[2].masked = true;
    given.payload.variables[3].file = true;
    const auto shown = given.variables().public_environment();
    EXPECT_EQ(value_of(shown, "PUBLIC"), "p");
    for (const auto* name : {"PRIVATE", "MASKED", "FILE", "FF_TIMESTAMPS"})
        EXPECT_EQ(value_of(shown, name), "(none)");
    const auto all = given.variables().environment();
    EXPECT_EQ(value_of(all, "PRIVATE"), "x");
    EXPECT_EQ(value_of(all, "MASKED"), "m");
}

TEST(Variables, MaskedValuesIncludeThoseThatWereOverridden) {
    Given given;
    given.add("T", "  old secret\n").add("T", "new$A").add("EMPTY", " ").add("A", "-part");
    for (int i : {0, 1, 2}) given.payload.variables[static_cast<std::size_t>(i)].masked = true;
    EXPECT_THAT(given.variables().masked_values(), ElementsAre("new-part", "old secret"));
}

TEST(Variables, TheJobsStatusChangesForAfterScript) {
    Given given;
    auto variables = given.variables();
    EXPECT_EQ(variables.get("CI_JOB_STATUS"), "running");
    variables.set_job_status("failed");
    EXPECT_EQ(value_of(variables.environment(), "CI_JOB_STATUS"), "failed");
}

TEST(Variables, TellWhereTheJobRuns) {
    Given given;
    EXPECT_EQ(given.variables().get("CI_DISPOSABLE_ENVIRONMENT"), "true");
    EXPECT_FALSE(given.variables().has("CI_SHARED_ENVIRONMENT"));
    given.predefined.shared_environment = true;
    given.predefined.ca_chain = "PEM";
    EXPECT_EQ(given.variables().get("CI_SHARED_ENVIRONMENT"), "true");
    EXPECT_EQ(given.variables().get("CI_SERVER_TLS_CA_FILE"),
              "/builds/g/p.tmp/CI_SERVER_TLS_CA_FILE");
}

TEST(Variables, CanBeReadBeforeTheDirectoriesAreKnown) {
    Given given;
    given.add("SECRET", "s").add("PATH_TO", "$CI_PROJECT_DIR/x");
    given.payload.variables[0].masked = true;
    Variables variables(given.payload, given.runner, given.predefined);
    EXPECT_THAT(variables.masked_values(), ElementsAre("s"));
    EXPECT_EQ(variables.get("CI_RUNNER_SHORT_TOKEN"), "abc");
    EXPECT_EQ(variables.get("CI_PROJECT_DIR"), "");
    variables.set_directories({"/b", "/b/first", "/b/first.tmp"});
    EXPECT_EQ(variables.get("PATH_TO"), "/b/first/x");
    variables.set_directories({"/b", "/b/second", "/b/second.tmp"});
    EXPECT_EQ(variables.get("CI_BUILDS_DIR"), "/b");
    EXPECT_EQ(variables.get("PATH_TO"), "/b/second/x");
    EXPECT_EQ(variables.get("RUNNER_TEMP_PROJECT_DIR"), "/b/second.tmp");
}

TEST(Variables, OfThePayloadHideDirectoriesExceptTheTemporaryOne) {
    Given given;
    given.add("CI_PROJECT_DIR", "/elsewhere").add("RUNNER_TEMP_PROJECT_DIR", "/other");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("CI_PROJECT_DIR"), "/elsewhere");
    EXPECT_EQ(variables.get("RUNNER_TEMP_PROJECT_DIR"), "/builds/g/p.tmp");
}

TEST(Variables, NameTheImageOfTheJobOrOfTheConfiguration) {
    Given given;
    EXPECT_FALSE(given.variables().has("CI_JOB_IMAGE"));
    given.add("VERSION", "12");
    given.runner.docker.image = "debian:$VERSION";
    EXPECT_EQ(given.variables().get("CI_JOB_IMAGE"), "debian:12");
    given.payload.image.emplace();
    given.payload.image->name = "alpine:$VERSION";
    EXPECT_EQ(given.variables().get("CI_JOB_IMAGE"), "alpine:12");
}

TEST(Variables, OfTheConfigurationDoNotKeepTheJobsStatus) {
    Given given;
    given.runner.environment = {"CI_JOB_STATUS=configured"};
    auto variables = given.variables();
    EXPECT_EQ(variables.get("CI_JOB_STATUS"), "running");
    variables.set_job_status("failed");
    EXPECT_EQ(variables.get("CI_JOB_STATUS"), "failed");
}

}  // namespace
