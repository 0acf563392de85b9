#include "executors/helper/git_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Reads indexes that the installed git has written.
class GitIndexTest : public testing::Test {
  protected:
    void SetUp() override {
        run("git init -q . && git config user.name a && git config user.email a@b && mkdir -p a/b "
            "&& "
            "echo 1 > a/b/c && echo 2 > a/d && git add . && git commit -q -m c");
        head_ = "$(git rev-parse HEAD)";
    }
    void run(const std::string& command) const {
        const std::string all = "cd '" + dir_.path().string() +
                                "' && export GIT_CONFIG_GLOBAL=/dev/null && " + command +
                                " > /dev/null 2>&1";
        ASSERT_EQ(std::system(all.c_str()), 0) << command;
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream file(dir_.path() / ".git/index", std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] bool is_plain(bool sha256 = false) const {
        return read_git_index(bytes(), sha256).plain;
    }

    tests::TempDir dir_;
    std::string head_;
};

TEST_F(GitIndexTest, IsPlainInEveryVersion) {
    for (const char* version : {"2", "3", "4"}) {
        run(std::string("git update-index --index-version ") + version + " a/d && git status");
        EXPECT_TRUE(is_plain()) << version;
    }
}

TEST_F(GitIndexTest, IsNotPlainWhenItHidesAFile) {
    const char* const commands[] = {
        "git update-index --skip-worktree a/d", "git update-index --assume-unchanged a/b/c",
        "git update-index --index-version 4 --skip-worktree a/d", "git update-index --split-index",
        "git sparse-checkout set --no-cone a/b"};
    for (const char* command : commands) {
        run("rm -f .git/index && git reset -q --hard && git sparse-checkout disable");
        ASSERT_TRUE(is_plain());
        run(command);
        EXPECT_FALSE(is_plain()) << command;
    }
}

TEST_F(GitIndexTest, NamesTheSubmodules) {
    for (const char* version : {"2", "4"}) {
        run(std::string("git update-index --index-version ") + version +
            " --add --cacheinfo 160000," + head_ + ",a/b/sub --cacheinfo 160000," + head_ + ",z");
        EXPECT_THAT(read_git_index(bytes(), false).submodules, ElementsAre("a/b/sub", "z"));
    }
}

TEST_F(GitIndexTest, OfTheOtherFormatOfObjectsIsRead) {
    run("rm -rf .git && git init -q --object-format sha256 . && git add .");
    EXPECT_TRUE(is_plain(true));
    EXPECT_FALSE(is_plain(false));
}

TEST_F(GitIndexTest, IsNotPlainWhenAnEntryIsCut) {
    run("git update-index --index-version 4 a/d");
    const std::string whole = bytes();
    // The header, two entries with their names, and the checksum.
    constexpr std::size_t kEntriesEnd = 12 + (62 + 1 + 6) + (62 + 1 + 2) + 20;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const bool plain = read_git_index(whole.substr(0, size), false).plain;
        if (size < kEntriesEnd) {
            EXPECT_FALSE(plain) << size;
        }
    }
    EXPECT_THAT(read_git_index("", false).submodules, IsEmpty());
}

}  // namespace
}  // namespace executors::helper
