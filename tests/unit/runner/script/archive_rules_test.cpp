#include "runner/script/archive_rules.hpp"

#include <gtest/gtest.h>

namespace runner::script {
namespace {

TEST(MatchesOutcome, MeansSuccessByDefault) {
    EXPECT_TRUE(matches_outcome("", true));
    EXPECT_FALSE(matches_outcome("", false));
    EXPECT_TRUE(matches_outcome("on_failure", false));
    EXPECT_FALSE(matches_outcome("on_failure", true));
    EXPECT_TRUE(matches_outcome("always", true));
    EXPECT_TRUE(matches_outcome("always", false));
}

TEST(NamesFiles, ByPathsOrAsUntracked) {
    protocol::gitlab::Cache cache;
    protocol::gitlab::Artifact artifact;
    EXPECT_FALSE(names_files(cache));
    EXPECT_FALSE(names_files(artifact));
    cache.untracked = true;
    artifact.paths = {"out"};
    EXPECT_TRUE(names_files(cache));
    EXPECT_TRUE(names_files(artifact));
}

}  // namespace
}  // namespace runner::script
