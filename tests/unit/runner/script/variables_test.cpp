#include "runner/script/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace {

using protocol::gitlab::JobPayload;
using protocol::gitlab::Variable;
using runner::config::RunnerConfig;
using runner::script::parse_bool;
using runner::script::RunnerFacts;
using runner::script::Variables;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
    RunnerFacts facts{.short_token = "abc",
                      .builds_dir = "/builds",
                      .project_dir = "/builds/g/p",
                      .tmp_dir = "/builds/g/p.tmp",
                      .image = "",
                      .ca_chain = "",
                      .tls_cert = "",
                      .tls_key = "",
                      .build_network = ""};

    Given& add(std::string key, std::string value) {
        payload.variables.push_back(make(std::move(key), std::move(value)));
        return *this;
    }
    Variable& last() { return payload.variables.back(); }
    [[nodiscard]] Variables variables() const { return {payload, runner, facts}; }
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

TEST(Variables, ExpandOnePassOnly) {
    Given given;
    given.add("A", "$B").add("B", "$C").add("C", "deep");
    const auto variables = given.variables();
    EXPECT_EQ(variables.get("A"), "$C");
    EXPECT_EQ(variables.get("B"), "deep");
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

TEST(Variables, ReplaceEveryFormOfReference) {
    Given given;
    given.add("A", "1").add("A_B", "2");
    const auto variables = given.variables();
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
    for (const auto& [text, expected] : cases) EXPECT_EQ(variables.expand(text), expected) << text;
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

TEST(Variables, SettingsThatDoNotParseAreSaidAndLeftOut) {
    Given given;
    given.add("YES", "t")
        .add("ODD", "maybe")
        .add("N", "7")
        .add("BAD", "7x")
        .add("MANY", "99")
        .add("FEW", "0");
    auto variables = given.variables();
    EXPECT_TRUE(variables.flag("YES", false));
    EXPECT_TRUE(variables.flag("ODD", true));
    EXPECT_FALSE(variables.flag("UNSET", false));
    EXPECT_EQ(variables.number("N", 1), 7);
    EXPECT_EQ(variables.number("BAD", 1), 1);
    EXPECT_EQ(variables.attempts("MANY"), 10);
    EXPECT_EQ(variables.attempts("FEW"), 1);
    EXPECT_EQ(variables.attempts("UNSET"), 1);
    const auto warnings = variables.take_warnings();
    EXPECT_THAT(
        warnings,
        ElementsAre(HasSubstr("ODD: expected bool got \"maybe\""), HasSubstr("BAD: expected int"),
                    HasSubstr("MANY: number of attempts out of the range [1, 10]"),
                    HasSubstr("FEW: number of attempts")));
    EXPECT_THAT(variables.take_warnings(), IsEmpty());
}

TEST(Variables, FeatureFlagsOfTheConfigurationAreTheStrongest) {
    Given given;
    given.runner.environment = {"FF_SCRIPT_SECTIONS=true", "FF_NETWORK_PER_BUILD=true"};
    given.runner.feature_flags = {{"FF_TIMESTAMPS", false}};
    given.add("FF_TIMESTAMPS", "true")
        .add("FF_NETWORK_PER_BUILD", "false")
        .add("FF_USE_FASTZIP", "perhaps");
    auto variables = given.variables();
    EXPECT_FALSE(variables.feature("FF_TIMESTAMPS"));
    EXPECT_TRUE(variables.feature("FF_SCRIPT_SECTIONS"));
    EXPECT_FALSE(variables.feature("FF_NETWORK_PER_BUILD"));
    EXPECT_TRUE(variables.feature("FF_USE_FASTZIP"));
    EXPECT_FALSE(variables.feature("FF_UNHEARD_OF"));
    EXPECT_THAT(variables.take_warnings(),
                Contains(HasSubstr("FF_USE_FASTZIP: expected bool got \"perhaps\"")));
    EXPECT_EQ(variables.changed_features(), "FF_SCRIPT_SECTIONS:true, FF_TIMESTAMPS:false");
    EXPECT_EQ(value_of(variables.environment(), "FF_TIMESTAMPS"), "false");
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
    given.facts.shared_environment = true;
    given.facts.ca_chain = "PEM";
    EXPECT_EQ(given.variables().get("CI_SHARED_ENVIRONMENT"), "true");
    EXPECT_EQ(given.variables().get("CI_SERVER_TLS_CA_FILE"),
              "/builds/g/p.tmp/CI_SERVER_TLS_CA_FILE");
}

TEST(Variables, ReadsBooleansAsGoDoes) {
    for (const auto* text : {"1", "t", "T", "true", "TRUE", "True"})
        EXPECT_EQ(parse_bool(text), true) << text;
    for (const auto* text : {"0", "f", "F", "false", "FALSE", "False"})
        EXPECT_EQ(parse_bool(text), false) << text;
    for (const auto* text : {"", "yes", "no", "tRUE", "2", " true"})
        EXPECT_EQ(parse_bool(text), std::nullopt) << text;
}

}  // namespace
