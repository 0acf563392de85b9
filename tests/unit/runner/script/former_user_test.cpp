#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/runner/script/get_sources_fixture.hpp"

/// Jobs that do not run as root, in a project with directories that they may not write to.
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr unsigned kUser = 4711;

class FormerUser : public tests::GetSources {
  protected:
    void SetUp() override {
        GetSources::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
        fs::permissions(dir_.path(), fs::perms::all);
        runner_.pre_get_sources_script = "git config --global --replace-all safe.directory '*'";
        git("git -C origin config core.sharedRepository true; chmod -R a+rX origin");
        user_ = kUser;
    }
    /// Runs a script in the project.
    void former_job(const std::string& script, unsigned user) {
        const auto end =
            tests::run_shell(GetParam(), "set -e\ncd '" + directories_.project + "'\n" + script,
                             dir_.path(), {}, user);
        ASSERT_EQ(end.code, 0) << script << "\n" << end.output;
    }
    void expect_clean_project() {
        const auto end = fetch();
        EXPECT_EQ(end.code, 0) << end.output;
        EXPECT_EQ(content(), "second\n") << end.output;
        EXPECT_EQ(git("ls -A builds/g/p | sort | xargs"), ".git .gitignore file");
    }
};

TEST_P(FormerUser, MayHaveTakenItsOwnWriteRights) {
    expect_fetched();
    for (const char* strategy : {"fetch", "clone"}) {
        set("GIT_STRATEGY", strategy);
        // The cache of Go's modules; a directory that cannot be read; a file of the commit.
        former_job(
            "mkdir -p go/mod/x; touch go/mod/x/f; mkdir shut; touch shut/f; echo other > file; "
            "chmod 0555 go/mod/x go/mod; chmod 0 shut; chmod 0555 .",
            kUser);
        expect_clean_project();
    }
}

TEST_P(FormerUser, KeepsWhatTheFlagsOfCleanExclude) {
    expect_fetched();
    set("GIT_CLEAN_FLAGS", "-ffdx -e go/");
    former_job("mkdir -p go/mod other; touch go/mod/f other/f; chmod 0555 go/mod other", kUser);
    EXPECT_EQ(fetch().code, 0);
    EXPECT_TRUE(has("go/mod/f"));
    EXPECT_FALSE(has("other"));
}

TEST_P(FormerUser, MayHaveBeenRoot) {
    const char* const left[] = {
        "umask 022; mkdir -p out/in; touch out/in/f",
        "umask 022; touch f; chmod 0755 .",
        "chown -R 0:0 .; chmod -R go-w .",
        "umask 077; git gc -q; touch .git/FETCH_HEAD; mkdir .git/objects/00 .git/logs/x",
        "umask 077; mkdir ../p.tmp/x; touch ../p.tmp/x/f",
    };
    for (const char* script : left) {
        expect_fetched();
        former_job(script, 0);
        expect_clean_project();
        git("rm -rf builds");
    }
}

TEST_P(FormerUser, LosesNoRepositoryBecauseTheServerIsDown) {
    expect_fetched();
    former_job("touch .git/kept", kUser);
    fs::rename(origin_, dir_.path() / "away");
    const auto end = fetch();
    EXPECT_NE(end.code, 0);
    EXPECT_THAT(end.output, Not(HasSubstr("empty directory")));
    EXPECT_TRUE(has(".git/kept"));
    fs::rename(dir_.path() / "away", origin_);
    payload_.git_info.sha = std::string(40, 'a');
    EXPECT_NE(fetch().code, 0);
    EXPECT_TRUE(has(".git/kept"));
}

INSTANTIATE_TEST_SUITE_P(All, FormerUser, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
