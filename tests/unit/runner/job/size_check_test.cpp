#include "runner/job/size_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace runner::job {
namespace {

using executors::JobEnvironment;
using testing::HasSubstr;
using testing::StartsWith;

JobEnvironment usual() {
    JobEnvironment environment;
    environment.image.emplace();
    environment.image->name = "alpine";
    environment.image->entrypoint = {"sh", "-c"};
    environment.services.emplace_back().image.name = "postgres";
    environment.services[0].command = {"postgres", "-c", "fsync=off"};
    environment.services[0].environment = {{"POSTGRES_DB", "test"}};
    return environment;
}

TEST(SizeCheck, AcceptsAUsualJob) { EXPECT_EQ(services_problem(usual()), ""); }

TEST(SizeCheck, NamesWhatLinuxCannotStart) {
    const std::string large(131'072, 'x');
    struct Case {
        std::string expected;
        std::function<void(JobEnvironment&)> change;
    };
    const std::vector<Case> cases{
        {"image:entrypoint: an argument has 131072 bytes",
         [&](JobEnvironment& e) {
             e.image->entrypoint = {"sh", large};
         }},
        {"services:entrypoint: ",
         [&](JobEnvironment& e) { e.services[0].image.entrypoint = {large}; }},
        {"services:command: ", [&](JobEnvironment& e) { e.services[0].command = {large}; }},
        {"service postgres: the variable DATA (131072 bytes)",
         [&](JobEnvironment& e) {
             e.services[0].environment = {{"DATA", large}};
         }},
    };
    for (const auto& [expected, change] : cases) {
        JobEnvironment environment = usual();
        change(environment);
        EXPECT_THAT(services_problem(environment), StartsWith(expected));
    }
}

TEST(SizeCheck, FindsVariablesThatScriptsCannotHave) {
    protocol::gitlab::JobPayload payload;
    auto& variable = payload.variables.emplace_back();
    variable.key = "BIG";
    variable.value = std::string(131'072, 'x');
    config::RunnerConfig runner;
    EXPECT_THAT(variables_problem({payload, runner, {}}), HasSubstr("BIG (131072 bytes)"));
    variable.file = true;
    EXPECT_EQ(variables_problem({payload, runner, {}}), "");
}

TEST(SizeCheck, FindsVariablesThatAContainerCannotHave) {
    protocol::gitlab::JobPayload payload;
    // In one pass A is short; with the whole chain it is too long for a container's configuration.
    const std::vector<std::pair<std::string, std::string>> chain{
        {"A", "$B$B"}, {"B", "$C"}, {"C", std::string(100'000, 'x')}};
    for (const auto& [key, value] : chain) {
        protocol::gitlab::Variable variable;
        variable.key = key;
        variable.value = value;
        variable.is_public = true;
        payload.variables.push_back(variable);
    }
    const script::Variables variables(payload, config::RunnerConfig{}, script::PredefinedValues{});
    EXPECT_THAT(variables_problem(variables), HasSubstr("the variable A (200"));
}

}  // namespace
}  // namespace runner::job
