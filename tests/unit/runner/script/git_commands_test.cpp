#include "runner/script/git_location.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/script/git_repository_writer.hpp"
#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::EnvironmentGit;
using runner::script::GitRepositoryWriter;
using runner::script::GitStrategy;
using runner::script::HostGit;
using runner::script::ScriptContext;
using runner::script::ShellWriter;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

/// The commands of git, for both places that it can run in.
struct GitCommands {
    std::string in_environment;
    std::string on_host;
};

GitCommands commands_of(const ScriptJob& job, GitStrategy strategy = GitStrategy::kFetch) {
    return job.with_context([&](const ScriptContext& context) {
        const EnvironmentGit environment(context);
        const HostGit host(context, {"/host/project", "/host/tmp"});
        ShellWriter in_environment;
        ShellWriter on_host;
        GitRepositoryWriter(context, environment).write(in_environment, strategy);
        GitRepositoryWriter(context, host).write(on_host, strategy);
        return GitCommands{in_environment.body(), on_host.body()};
    });
}

TEST(GitLocation, DecidesWhichDirectoriesGitWorksIn) {
    const GitCommands commands = commands_of(ScriptJob(), GitStrategy::kClone);
    EXPECT_THAT(commands.in_environment, HasSubstr("sources remove --project '/builds/g/p'\n"));
    EXPECT_THAT(commands.in_environment, Not(HasSubstr("/host/")));
    EXPECT_THAT(commands.on_host, HasSubstr("rm -rf '/host/project'\n"));
    EXPECT_THAT(commands.on_host, Not(HasSubstr("/builds/")));
}

TEST(GitLocation, LaysOutFilesInTheEnvironmentOnly) {
    const GitCommands commands = commands_of(ScriptJob());
    EXPECT_THAT(commands.in_environment, HasSubstr("checkout -f -q"));
    EXPECT_THAT(commands.in_environment, HasSubstr("git clean '-ffdx'"));
    EXPECT_THAT(commands.on_host, Not(HasSubstr("checkout -f")));
    EXPECT_THAT(commands.on_host, Not(HasSubstr("git clean")));
    EXPECT_THAT(commands.on_host, HasSubstr("git read-tree HEAD"));
}

TEST(GitLocation, IncludesTheConfigurationInTheEnvironmentOnly) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    const GitCommands commands = commands_of(job);
    EXPECT_THAT(commands.in_environment, HasSubstr("git config include.path"));
    EXPECT_THAT(commands.in_environment, HasSubstr("GIT_CONFIG_KEY_0=include.path"));
    EXPECT_THAT(commands.on_host, Not(HasSubstr("include.path")));
}

TEST(GitLocation, TrustsTheProjectUnlessTheConfigurationForbidsIt) {
    ScriptJob job;
    EXPECT_THAT(commands_of(job).in_environment, HasSubstr("safe.directory"));
    EXPECT_THAT(commands_of(job).on_host, Not(HasSubstr("safe.directory")));
    job.settings.shared_host = true;
    EXPECT_THAT(commands_of(job).in_environment, Not(HasSubstr("safe.directory")));
    job.runner.safe_directory_checkout = true;
    EXPECT_THAT(commands_of(job).in_environment, HasSubstr("safe.directory"));
}

TEST(GitLocation, PullsLargeFilesInTheEnvironmentOnly) {
    ScriptJob job;
    EXPECT_THAT(commands_of(job).in_environment, HasSubstr("git lfs pull"));
    EXPECT_THAT(commands_of(job).on_host, Not(HasSubstr("git lfs")));
    EXPECT_THAT(commands_of(job).on_host, HasSubstr("Files of Git LFS stay pointers"));
    job.set("GIT_LFS_SKIP_SMUDGE", "true");
    EXPECT_THAT(commands_of(job).in_environment, Not(HasSubstr("git lfs")));
    EXPECT_THAT(commands_of(job).on_host, Not(HasSubstr("LFS stay")));
}

}  // namespace
