#include "runner/script/git_strategy.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::brings_sources;
using runner::script::git_strategy;
using runner::script::GitStrategy;
using tests::ScriptJob;

GitStrategy strategy_of(const char* asked, bool allow_git_fetch) {
    ScriptJob job;
    job.set("GIT_STRATEGY", asked);
    return git_strategy(job.variables(), allow_git_fetch);
}

TEST(GitStrategies, AreTheJobsOrElseTheServers) {
    EXPECT_EQ(strategy_of("clone", true), GitStrategy::kClone);
    EXPECT_EQ(strategy_of("fetch", false), GitStrategy::kFetch);
    EXPECT_EQ(strategy_of("none", true), GitStrategy::kNone);
    EXPECT_EQ(strategy_of("empty", true), GitStrategy::kEmpty);
    for (const char* unknown : {"", "Clone", "pull"}) {
        EXPECT_EQ(strategy_of(unknown, true), GitStrategy::kFetch) << unknown;
        EXPECT_EQ(strategy_of(unknown, false), GitStrategy::kClone) << unknown;
    }
}

TEST(GitStrategies, TwoOfThemBringSources) {
    EXPECT_TRUE(brings_sources(GitStrategy::kClone));
    EXPECT_TRUE(brings_sources(GitStrategy::kFetch));
    EXPECT_FALSE(brings_sources(GitStrategy::kNone));
    EXPECT_FALSE(brings_sources(GitStrategy::kEmpty));
}

}  // namespace
