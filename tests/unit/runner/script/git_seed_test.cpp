#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <sstream>

#include <filesystem>
#include <utility>

#include "executors/helper/protocol.hpp"
#include "tests/unit/runner/script/get_sources_fixture.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kUnusable = "The git mirror cannot be used.";

/// What seed_mirror() of runner-helper has left for the first fetch.
class GitSeed : public tests::GetSources {
  protected:
    void SetUp() override {
        GetSources::SetUp();
        if (IsSkipped()) return;
        git_seed_ = dir_.path() / "builds/.seed";
        environment_[std::string(executors::helper::kReportVariable)] = "1";
        git("git -C origin repack -q -a -d; mkdir -p builds/.seed/pack; cp "
            "origin/.git/objects/pack/pack-* builds/.seed/pack; echo '" +
            second_ + " refs/runner-mirror/0' > builds/.seed/packed-refs");
    }
    std::string in_project(const std::string& command) {
        return git("cd '" + directories_.project + "'; " + command);
    }
};

TEST_P(GitSeed, BecomesPartOfTheRepository) {
    const auto end = fetch();
    ASSERT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr("clone mirror"));
    EXPECT_EQ(content(), "second\n");
    EXPECT_EQ(in_project("git for-each-ref --format='%(refname)'"), "refs/remotes/origin/main");
    EXPECT_EQ(in_project("git count-objects"), "0 objects, 0 kilobytes");
    EXPECT_FALSE(std::filesystem::exists(git_seed_));
}

TEST_P(GitSeed, LeavesTheRestToTheServer) {
    payload_.git_info.sha = commit("third");
    expect_fetched();
    EXPECT_EQ(content(), "third\n");
}

TEST_P(GitSeed, CountsObjectsThatGitDoesNotPackToo) {
    git("head -c 100000 /dev/urandom > origin/large");
    payload_.git_info.sha = commit("third");
    const auto end = fetch();
    ASSERT_EQ(end.code, 0) << end.output;
    EXPECT_NE(in_project("git count-objects"), "0 objects, 0 kilobytes");
    const auto at = end.output.find("clone mirror ");
    ASSERT_NE(at, std::string::npos) << end.output;
    std::istringstream report(end.output.substr(at));
    std::string clone;
    std::string how;
    std::int64_t milliseconds = 0;
    std::uint64_t bytes = 0;
    report >> clone >> how >> milliseconds >> bytes;
    EXPECT_GT(bytes, 100'000U) << end.output;
}

TEST_P(GitSeed, IsLeftOutWhenItIsDamaged) {
    git("chmod u+w builds/.seed/pack/*; for f in builds/.seed/pack/*.pack; do printf damaged | dd "
        "of=\"$f\" bs=1 seek=60 conv=notrunc 2> /dev/null; done");
    payload_.git_info.sha = commit("third");
    const auto end = fetch();
    ASSERT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr(kUnusable));
    EXPECT_THAT(end.output, HasSubstr("clone damaged"));
    EXPECT_EQ(content(), "third\n");
    EXPECT_EQ(in_project("git fsck"), "");
}

TEST_P(GitSeed, IsNotTakenByARepositoryThatIsThere) {
    const std::string seed = std::exchange(git_seed_, "");
    expect_fetched();
    git_seed_ = seed;
    payload_.git_info.sha = commit("third");
    const auto end = fetch();
    EXPECT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, Not(HasSubstr(kUnusable)));
    EXPECT_EQ(content(), "third\n");
    EXPECT_TRUE(std::filesystem::exists(git_seed_)) << end.output;
    EXPECT_THAT(end.output, Not(HasSubstr("clone ")));
}

TEST_P(GitSeed, IsKeptWhenTheServerDoesNotAnswer) {
    payload_.git_info.repo_url += "-gone";
    const auto end = fetch();
    EXPECT_EQ(end.code, 128) << end.output;
    EXPECT_THAT(end.output, Not(HasSubstr(kUnusable)));
    EXPECT_THAT(end.output, Not(HasSubstr("clone damaged")));
    EXPECT_EQ(in_project("git rev-parse refs/runner-mirror/0"), second_);
}

TEST_P(GitSeed, DoesNotHideWhatTheServerSays) {
    payload_.git_info.refspecs = {"+refs/heads/no:refs/remotes/origin/no"};
    const auto end = fetch();
    EXPECT_EQ(end.code, 128);
    EXPECT_THAT(end.output, HasSubstr("couldn't find remote ref refs/heads/no"));
}

INSTANTIATE_TEST_SUITE_P(All, GitSeed, testing::ValuesIn(tests::shells()),
                         [](const auto& shell) { return shell.param.name; });

}  // namespace
