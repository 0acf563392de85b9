#include "runner/script/git_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/script/git_repository_writer.hpp"
#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::GitRepositoryWriter;
using runner::script::GitStrategy;
using runner::script::ScriptContext;
using runner::script::ShellWriter;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

std::string commands_of(const ScriptJob& job, GitStrategy strategy = GitStrategy::kFetch) {
    return job.with_context([&](const ScriptContext& context) {
        ShellWriter writer;
        GitRepositoryWriter(context).write(writer, strategy);
        return writer.body();
    });
}

TEST(GitCommands, BeginAnewForAClone) {
    // The other removal is in a function, for a repository that cannot be used.
    const auto removals = [](const std::string& text) {
        std::size_t count = 0;
        for (auto at = text.find("sources remove"); at != std::string::npos;
             at = text.find("sources remove", at + 1)) {
            ++count;
        }
        return count;
    };
    EXPECT_EQ(removals(commands_of(ScriptJob(), GitStrategy::kFetch)), 1U);
    EXPECT_EQ(removals(commands_of(ScriptJob(), GitStrategy::kClone)), 2U);
}

TEST(GitCommands, CleanAfterTheCheckout) {
    ScriptJob job;
    EXPECT_THAT(commands_of(job), HasSubstr("|| return\ngit clean '-ffdx' || return\n"));
    job.set("GIT_CLEAN_FLAGS", "none");
    EXPECT_THAT(commands_of(job), Not(HasSubstr("git clean")));
}

TEST(GitCommands, GiveSubmodulesTheConfigurationOfTheProject) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    EXPECT_THAT(commands_of(job), HasSubstr("git config include.path"));
    EXPECT_THAT(commands_of(job), HasSubstr("GIT_CONFIG_KEY_$_runner_count=include.path"));
}

TEST(GitCommands, TrustTheProjectUnlessTheConfigurationForbidsIt) {
    ScriptJob job;
    EXPECT_THAT(commands_of(job), HasSubstr("safe.directory"));
    job.settings.shared_host = true;
    EXPECT_THAT(commands_of(job), Not(HasSubstr("safe.directory")));
    job.runner.safe_directory_checkout = true;
    EXPECT_THAT(commands_of(job), HasSubstr("safe.directory"));
}

TEST(GitCommands, PullLargeFilesUnlessTheJobSkipsThem) {
    ScriptJob job;
    EXPECT_THAT(commands_of(job), HasSubstr("git lfs pull"));
    EXPECT_THAT(commands_of(job), HasSubstr("Files of Git LFS stay pointers"));
    job.settings.lfs_directory = "/.runner/git/bin";
    EXPECT_THAT(commands_of(job),
                HasSubstr("PATH='/.runner/git/bin'${PATH:+:$PATH}; export PATH; git lfs pull"));
    EXPECT_THAT(commands_of(job), Not(HasSubstr("LFS stay")));
    job.set("GIT_LFS_SKIP_SMUDGE", "true");
    EXPECT_THAT(commands_of(job), Not(HasSubstr("git lfs")));
    EXPECT_THAT(commands_of(job), Not(HasSubstr("LFS stay")));
}

}  // namespace
