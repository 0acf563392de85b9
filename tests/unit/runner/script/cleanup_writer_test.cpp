#include "runner/script/cleanup_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::CleanupWriter;
using runner::script::ScriptContext;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

std::string cleanup(const ScriptJob& job) {
    return job.with_context(
        [](const ScriptContext& context) { return CleanupWriter(context).script(); });
}

ScriptJob job_with_cleanup(const char* strategy) {
    ScriptJob job;
    job.set("FF_ENABLE_JOB_CLEANUP", "true");
    job.set("GIT_STRATEGY", strategy);
    return job;
}

TEST(CleanupScript, RemovesCredentialsAndFileVariables) {
    ScriptJob job;
    job.set("KEY", "secret", true);
    const std::string text = cleanup(job);
    for (const char* name :
         {"/KEY", "/gitlab_runner_env", "/.gitlab-runner.ext.conf", "/.gitlab-runner.login"}) {
        EXPECT_THAT(text, HasSubstr(std::string("/builds/g/p.tmp") + name));
    }
    EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(CleanupScript, LeavesTheProjectAloneByDefault) {
    const std::string text = cleanup(ScriptJob());
    EXPECT_THAT(text, Not(HasSubstr("git clean")));
    EXPECT_THAT(text, Not(HasSubstr("sources remove")));
}

TEST(CleanupScript, CleansTheProjectAsItsStrategyNeeds) {
    EXPECT_THAT(cleanup(job_with_cleanup("fetch")), HasSubstr("\ngit reset --hard"));
    for (const char* strategy : {"clone", "empty"})
        EXPECT_THAT(cleanup(job_with_cleanup(strategy)), HasSubstr("sources remove"));
    EXPECT_THAT(cleanup(job_with_cleanup("none")), Not(HasSubstr("git ")));
}

TEST(CleanupScript, GivesFlagsToGitAndNotToTheShell) {
    ScriptJob job = job_with_cleanup("fetch");
    job.set("GIT_CLEAN_FLAGS", "-ffdx; touch planted");
    EXPECT_THAT(cleanup(job), HasSubstr("git clean '\\''-ffdx;'\\'' '\\''touch'\\''"));
}

TEST(CleanupScript, RemovesTheProjectWhereTheDaemonUnpackedTheSources) {
    ScriptJob job = job_with_cleanup("fetch");
    job.settings.sources_by_daemon = true;
    EXPECT_THAT(cleanup(job), Not(HasSubstr("git clean")));
    EXPECT_THAT(cleanup(job), HasSubstr("sources remove"));
}

TEST(CleanupScript, UsesTheGitOfTheRunner) {
    ScriptJob job = job_with_cleanup("fetch");
    job.settings.git_directory = "/.runner/git/bin";
    // The commands are one quoted text.
    EXPECT_THAT(cleanup(job),
                HasSubstr("PATH='\\''/.runner/git/bin'\\''${PATH:+:$PATH}; export PATH\ncd "));
}

}  // namespace
