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

}  // namespace
}  // namespace runner::job
