#include "runner/commands/register_summary.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

using testing::HasSubstr;
using testing::Not;

RegisteredRunner runner_with(const std::string& token) {
    return {.name = "mine",
            .url = "https://gitlab.example.com/",
            .id = 42,
            .expires = "",
            .executor = "docker",
            .image = "alpine",
            .token = base::Secret(token),
            .told = std::nullopt};
}

TEST(RegistrationSummary, SaysWhatGitLabDoesNotTell) {
    const std::string text = registration_summary(runner_with("glrt-t1_secret"));
    EXPECT_THAT(text, HasSubstr("Runner \"mine\" is registered at https://gitlab.example.com/\n"));
    EXPECT_THAT(text, HasSubstr("executor    docker, image alpine\n"));
    EXPECT_THAT(text, HasSubstr("does not expire"));
    EXPECT_THAT(text, HasSubstr("are not told to a runner"));
    EXPECT_THAT(text, HasSubstr("https://gitlab.example.com/admin/runners/42\n"));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(RegistrationSummary, SaysWhatGitLabHasAccepted) {
    RegisteredRunner runner = runner_with("glrt-t3_secret");
    runner.expires = "2030-01-01T00:00:00Z";
    runner.told.emplace();
    runner.told->tag_list = "a,b";
    runner.told->run_untagged = false;
    runner.told->access_level = "ref_protected";
    runner.told->paused = true;
    const std::string text = registration_summary(runner);
    EXPECT_THAT(text, HasSubstr("expires 2030-01-01T00:00:00Z"));
    EXPECT_THAT(text, HasSubstr("jobs with tags among a,b; no untagged jobs\n"));
    EXPECT_THAT(text, HasSubstr("protected branches and tags only\n"));
    EXPECT_THAT(text, HasSubstr("it gets no jobs until somebody resumes it there\n"));
    EXPECT_THAT(text, HasSubstr("the project, Settings > CI/CD > Runners, #42\n"));
    runner.told = protocol::gitlab::RunnerDescription();
    EXPECT_THAT(registration_summary(runner), HasSubstr("untagged jobs\n"));
}

TEST(NextStep, DependsOnTheDaemon) {
    EXPECT_THAT(next_step(DaemonState::kRuns, ""),
                HasSubstr("by itself within seconds.\nNext: runner status\n"));
    EXPECT_THAT(next_step(DaemonState::kPaused, ""), HasSubstr("Next: runner resume\n"));
    EXPECT_THAT(next_step(DaemonState::kServiceStopped, ""), HasSubstr("Next: runner start\n"));
    EXPECT_THAT(next_step(DaemonState::kNone, "/a b/c.toml"),
                HasSubstr("Next: runner run --config '/a b/c.toml'\n"));
}

}  // namespace
}  // namespace runner::commands
