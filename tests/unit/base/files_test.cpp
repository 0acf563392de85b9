#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.hpp"

namespace {

TEST(Files, AtomicWriteReplacesTheWholeTextAndSetsTheMode) {
    const tests::TempDir dir;
    const auto path = dir.path() / "config";
    ASSERT_TRUE(base::write_file_atomic(path, "a long first text", 0644));
    ASSERT_TRUE(base::write_file_atomic(path, "second", 0600, true));
    EXPECT_EQ(base::read_file(path).value(), "second");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(Files, MissingFileIsNotFoundAndNamesThePath) {
    const auto text = base::read_file("/nonexistent/file");
    ASSERT_FALSE(text);
    EXPECT_TRUE(text.error().is(base::ErrorKind::kNotFound));
    EXPECT_NE(text.error().message.find("/nonexistent/file"), std::string::npos);
}

TEST(Files, ASmallFileIsNeverWaitedForNorFollowed) {
    const tests::TempDir dir;
    const auto path = dir.path() / "small";
    ASSERT_TRUE(base::write_file_atomic(path, "1234", 0600));
    EXPECT_EQ(base::read_small_file(path, 4).value(), "1234");
    EXPECT_TRUE(base::read_small_file(path, 3).error().is(base::ErrorKind::kInvalidInput));
    const auto link = dir.path() / "link";
    std::filesystem::create_symlink("/dev/zero", link);
    EXPECT_TRUE(base::read_small_file(link, 4).error().is(base::ErrorKind::kInvalidInput));
    EXPECT_TRUE(base::read_small_file("/dev/zero", 4).error().is(base::ErrorKind::kInvalidInput));
    const auto pipe = dir.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_TRUE(base::read_small_file(pipe, 4).error().is(base::ErrorKind::kInvalidInput));
    EXPECT_TRUE(
        base::read_small_file(dir.path() / "none", 4).error().is(base::ErrorKind::kNotFound));
}

TEST(Files, MakesParents) {
    const tests::TempDir dir;
    ASSERT_TRUE(base::make_directories(dir.path() / "a/b/c", 0700));
    EXPECT_TRUE(std::filesystem::is_directory(dir.path() / "a/b/c"));
    EXPECT_TRUE(base::make_directories(dir.path() / "a/b/c", 0700));
}

TEST(Files, AFileInTheWayIsAnError) {
    const tests::TempDir dir;
    ASSERT_TRUE(base::write_file_atomic(dir.path() / "a", "x", 0600));
    EXPECT_FALSE(base::make_directories(dir.path() / "a/b", 0700));
    EXPECT_FALSE(base::make_directories(dir.path() / "a", 0700));
}

}  // namespace
