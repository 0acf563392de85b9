#include "runner/script/fetched_refs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::script::conflicting_refs;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ConflictingRefs, AreTheFolderOfARefAndTheRefsThatWouldBeItsFolders) {
    EXPECT_THAT(conflicting_refs({"+refs/heads/a/b:refs/remotes/origin/a/b"}),
                ElementsAre("refs/remotes/origin/a/b/", "[r]efs/remotes", "[r]efs/remotes/origin",
                            "[r]efs/remotes/origin/a"));
    EXPECT_THAT(
        conflicting_refs({"+refs/pipelines/1:refs/pipelines/1", "+refs/tags/v:refs/tags/v"}),
        ElementsAre("refs/pipelines/1/", "[r]efs/pipelines", "refs/tags/v/", "[r]efs/tags"));
}

TEST(ConflictingRefs, AreLeftToGitForPatternsAndForNamesThatAreNoRefs) {
    EXPECT_THAT(conflicting_refs({"+refs/heads/*:refs/remotes/origin/*", "refs/heads/a", "a:b"}),
                IsEmpty());
}

}  // namespace
