#include "executors/helper/directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

class DirectoryTest : public testing::Test {
  protected:
    void write(const std::string& name) const {
        const fs::path path = dir_.path() / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << "text";
    }
    [[nodiscard]] UniqueFd open() const { return enter_directory(dir_.path().string()); }
    [[nodiscard]] uid_t owner_of(const std::string& name) const {
        struct stat status {};
        EXPECT_EQ(::lstat((dir_.path() / name).c_str(), &status), 0) << name;
        return status.st_uid;
    }

    tests::TempDir dir_;
};

TEST_F(DirectoryTest, ATreeIsRemovedWithoutWhatItsLinksNameAndAtAnyDepth) {
    write("outside/kept");
    write("tree/a/b/file");
    fs::create_directory_symlink(dir_.path() / "outside", dir_.path() / "tree/a/link");
    // Deeper than the open files of a process, and than the longest path.
    UniqueFd inner = enter_directory((dir_.path() / "tree").string());
    for (int depth = 0; depth < 3000; ++depth) {
        ASSERT_EQ(::mkdirat(inner.get(), "deep", 0700), 0);
        inner = enter_directory(inner.get(), "deep");
    }
    remove_tree(open().get(), "tree");
    EXPECT_FALSE(fs::exists(dir_.path() / "tree"));
    EXPECT_TRUE(fs::exists(dir_.path() / "outside/kept"));
    EXPECT_EQ(entries_of(open().get()).size(), 1U);
    remove_tree(open().get(), "never-there");
}

TEST_F(DirectoryTest, EmptyingRemovesAllEntries) {
    write("a/b");
    write("c");
    empty_directory(open().get());
    EXPECT_TRUE(entries_of(open().get()).empty());
}

TEST_F(DirectoryTest, ALinkIsNeitherOpenedNorRead) {
    write("real/file");
    fs::create_directory_symlink("real", dir_.path() / "link");
    fs::create_symlink("real/file", dir_.path() / "file");
    EXPECT_THROW(static_cast<void>(enter_directory(open().get(), "link")), Failure);
    EXPECT_THROW(static_cast<void>(read_file_in(open().get(), "file")), Failure);
    write_file_in(open().get(), "file", "new");
    EXPECT_EQ(read_file_in(open().get(), "file"), "new");
    EXPECT_EQ(read_file_in(enter_directory(open().get(), "real").get(), "file"), "text");
}

TEST_F(DirectoryTest, OnlyDirectoriesThatAUserCannotChangeAreHandedOver) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    constexpr uid_t kUser = 4711;
    write("p/root/in/file");
    write("p/open/file");
    write("outside/file");
    fs::permissions(dir_.path() / "p/open", fs::perms::all);
    fs::create_directory_symlink(dir_.path() / "outside", dir_.path() / "p/link");
    hand_over_directories((dir_.path() / "p").string(), kUser, kUser);
    for (const char* name : {"p", "p/root", "p/root/in"}) EXPECT_EQ(owner_of(name), kUser) << name;
    for (const char* name : {"p/open", "p/root/in/file", "p/link", "outside", "outside/file"})
        EXPECT_EQ(owner_of(name), 0U) << name;
    hand_over_directories((dir_.path() / "p/link").string(), kUser, kUser);
    hand_over_directories((dir_.path() / "none").string(), kUser, kUser);
    EXPECT_EQ(owner_of("outside"), 0U);
}

}  // namespace
}  // namespace executors::helper
