#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/script/git_submodules_writer.hpp"
#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::GitSubmodulesWriter;
using runner::script::ScriptContext;
using runner::script::ShellWriter;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

std::string submodule_commands(const ScriptJob& job) {
    return job.with_context([](const ScriptContext& context) {
        ShellWriter writer;
        GitSubmodulesWriter(context).write(writer);
        return writer.body();
    });
}

TEST(Submodules, AreSkippedUnlessTheJobAsksForThem) {
    ScriptJob job;
    EXPECT_THAT(submodule_commands(job), HasSubstr("Skipping Git submodules setup"));
    job.set("GIT_SUBMODULE_STRATEGY", "none");
    EXPECT_THAT(submodule_commands(job), Not(HasSubstr("git submodule")));
}

TEST(Submodules, AreRecursiveOnlyWhenAsked) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    EXPECT_THAT(submodule_commands(job), HasSubstr("git submodule update --init;"));
    job.set("GIT_SUBMODULE_STRATEGY", "recursive");
    EXPECT_THAT(submodule_commands(job), HasSubstr("git submodule update --init --recursive;"));
}

TEST(Submodules, HaveTheirOwnDepthOrThatOfTheProject) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    job.payload.git_info.depth = 20;
    EXPECT_THAT(submodule_commands(job), HasSubstr("--init --depth 20;"));
    job.set("GIT_SUBMODULE_DEPTH", "3");
    EXPECT_THAT(submodule_commands(job), HasSubstr("--init --depth 3;"));
}

TEST(Submodules, AreLimitedToThePathsOfTheJob) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    job.set("GIT_SUBMODULE_PATHS", "a :(exclude)b");
    const std::string text = submodule_commands(job);
    EXPECT_THAT(text, HasSubstr("git submodule init -- 'a' ':(exclude)b'\n"));
    EXPECT_THAT(text, HasSubstr("git submodule sync -- 'a' ':(exclude)b'\n"));
    EXPECT_THAT(text, HasSubstr("git submodule update --init -- 'a' ':(exclude)b';"));
}

TEST(Submodules, FetchAllBranchesBeforeTheSecondTryOfRemoteOnes) {
    ScriptJob job;
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    EXPECT_THAT(submodule_commands(job), Not(HasSubstr("git fetch origin")));
    job.set("GIT_SUBMODULE_UPDATE_FLAGS", "--remote");
    EXPECT_THAT(submodule_commands(job), HasSubstr("git fetch origin +refs/heads/*"));
}

}  // namespace
