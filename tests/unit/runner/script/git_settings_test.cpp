#include "runner/script/git_settings.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::check_git_settings;
using runner::script::git_clean_command;
using runner::script::quoted_flags;
using runner::script::ScriptContext;
using tests::ScriptJob;

TEST(GitFlags, AreSplitAtWhiteSpaceAndQuoted) {
    EXPECT_EQ(quoted_flags(""), "");
    EXPECT_EQ(quoted_flags(" -a\t--b=c\n"), " '-a' '--b=c'");
    EXPECT_EQ(quoted_flags("\"a b\" it's $(x)"), " '\"a' 'b\"' 'it'\\''s' '$(x)'");
}

TEST(GitFlags, OfCleanHaveADefaultAndCanBeNone) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"", "git clean '-ffdx'"}, {"none", ""}, {"-fd -e a", "git clean '-fd' '-e' 'a'"}};
    for (const auto& [flags, command] : cases) {
        ScriptJob job;
        job.set("GIT_CLEAN_FLAGS", flags);
        EXPECT_EQ(job.with_context([](const ScriptContext& context) {
            return git_clean_command(context.variables());
        }),
                  command);
    }
}

base::ErrorKind kind_of(const base::Result<void>& result) {
    return result ? base::ErrorKind::kInternal : result.error().kind;
}

TEST(GitSettings, ThatCannotWorkAreErrors) {
    ScriptJob job;
    EXPECT_TRUE(job.with_context(check_git_settings));
    job.payload.git_info.repo_url.clear();
    EXPECT_EQ(kind_of(job.with_context(check_git_settings)), base::ErrorKind::kProtocol);
    const std::vector<std::pair<const char*, const char*>> wrong{
        {"GIT_SUBMODULE_STRATEGY", "sometimes"}, {"GIT_SUBMODULE_PATHS", ":(exclude) a"}};
    for (const auto& [key, value] : wrong) {
        ScriptJob other;
        other.set(key, value);
        EXPECT_EQ(kind_of(other.with_context(check_git_settings)), base::ErrorKind::kConfiguration)
            << key;
    }
}

}  // namespace
