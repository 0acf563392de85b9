#include "runner/script/job_scripts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/runner/script/shell_test.hpp"

namespace {

using protocol::gitlab::Step;
using runner::script::BehaviourVariables;
using runner::script::JobScripts;
using testing::HasSubstr;
using testing::Not;

/// Runs scripts of one job, one after the other in one directory, as the supervisor does.
class JobScriptsInShells : public tests::ShellTest {
  protected:
    void SetUp() override {
        ShellTest::SetUp();
        if (IsSkipped()) return;
        std::filesystem::create_directories(directories_.project);
    }
    template <typename Write>
    tests::ShellEnd run(Write write) {
        auto variables = this->variables();
        variables.set_job_status("failed");
        BehaviourVariables behaviour(variables);
        auto settings = ShellTest::settings();
        settings.description = "here";
        settings.shared_host = true;
        const JobScripts scripts(payload_, runner_, behaviour, settings);
        const std::string text = write(scripts);
        std::map<std::string, std::string> environment;
        for (const auto& variable : variables.environment())
            environment[variable.name] = variable.value;
        return tests::run_shell(GetParam(), text, dir_.path(), environment);
    }
    tests::ShellEnd step(std::vector<std::string> lines, std::string name = "script") {
        const Step made{.name = std::move(name), .script = std::move(lines), .when = ""};
        return run([&](const JobScripts& scripts) { return scripts.steps.step(made); });
    }
};

TEST_P(JobScriptsInShells, RunInTheProjectWithTheJobsVariables) {
    set("GREETING", "it's $WHO");
    set("WHO", "me");
    const auto end = step({"echo \"$GREETING in $PWD\""});
    EXPECT_EQ(end.code, 0);
    EXPECT_THAT(end.output, HasSubstr("\nit's me in " + directories_.project + "\n"));
}

TEST_P(JobScriptsInShells, FileVariablesArePathsOfPrivateFilesThatCleanupRemoves) {
    set("KEY", "line 1\nline '2'\n", true);
    const auto end = step({"cat \"$KEY\"", "ls -l \"$KEY\" | cut -c1-10"});
    EXPECT_THAT(end.output, HasSubstr("\nline 1\nline '2'\n"));
    EXPECT_THAT(end.output, HasSubstr("\n-rw-------\n"));
    EXPECT_TRUE(std::filesystem::exists(directories_.tmp + "/KEY"));
    EXPECT_EQ(run([](const JobScripts& scripts) { return scripts.cleanup.script(); }).code, 0);
    EXPECT_FALSE(std::filesystem::exists(directories_.tmp + "/KEY"));
}

TEST_P(JobScriptsInShells, VariablesInGitlabEnvReachTheNextStage) {
    EXPECT_EQ(
        step({"echo 'A=one two' >> \"$GITLAB_ENV\"", "echo 'B=$(false) `x`' >> \"$GITLAB_ENV\""})
            .code,
        0);
    const auto end = step({"echo \"<$A> <$B>\""});
    EXPECT_THAT(end.output, HasSubstr("\n<one two> <$(false) `x`>\n"));
}

TEST_P(JobScriptsInShells, TheAdministratorsScriptsShareTheShellOfTheStep) {
    runner_.pre_build_script = "X=5";
    runner_.post_build_script = "echo \"after $X\"";
    EXPECT_THAT(step({"X=$((X + 1))"}).output, HasSubstr("\nafter 6\n"));
}

TEST_P(JobScriptsInShells, AfterScriptHasAShellOfItsOwnAndTheJobsStatus) {
    const Step made{
        .name = "after_script", .script = {"echo \"status $CI_JOB_STATUS\""}, .when = ""};
    const auto end =
        run([&](const JobScripts& scripts) { return scripts.steps.after_script(made); });
    EXPECT_THAT(end.output, HasSubstr("Running after script..."));
    EXPECT_THAT(end.output, HasSubstr("\nstatus failed\n"));
}

TEST_P(JobScriptsInShells, PreparePrintsWhereTheJobRunsAndDropsGitlabEnv) {
    EXPECT_EQ(step({"echo 'A=old' >> \"$GITLAB_ENV\""}).code, 0);
    EXPECT_EQ(run([](const JobScripts& scripts) { return scripts.steps.prepare(); }).output,
              "Running on here...\n");
    EXPECT_THAT(step({"echo \"<$A>\""}).output, HasSubstr("\n<>\n"));
}

TEST_P(JobScriptsInShells, ADebugTraceCanBeForbidden) {
    set("CI_DEBUG_TRACE", "true");
    EXPECT_THAT(step({"true"}).output, HasSubstr("+ true\n"));
    runner_.debug_trace_disabled = true;
    EXPECT_THAT(step({"true"}).output, Not(HasSubstr("+ true\n")));
}

TEST_P(JobScriptsInShells, TheTextHasNoValuesOfVariables) {
    set("TOKEN", "very-secret");
    const auto variables = this->variables();
    BehaviourVariables behaviour(variables);
    const JobScripts scripts(payload_, runner_, behaviour, {});
    EXPECT_THAT(scripts.steps.step({.name = "script", .script = {"echo $TOKEN"}, .when = ""}),
                Not(HasSubstr("very-secret")));
}

INSTANTIATE_TEST_SUITE_P(All, JobScriptsInShells, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
