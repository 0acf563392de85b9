#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "executors/helper/files_command.hpp"
#include "executors/helper/files_exit.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

/// The actions for caches that are in an object storage, too.
class CacheFiles : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(project_);
        fs::current_path(project_);
        write("out", "one");
    }
    void TearDown() override { fs::current_path(before_); }

    /// A file that was written long before any archive.
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
        fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    [[nodiscard]] std::string restored() const {
        fs::remove("out");
        EXPECT_EQ(run("cache-restore"), FilesExit::kDone);
        std::ifstream file("out", std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    FilesExit run(const std::string& action, const std::string& lines = "") const {
        return static_cast<FilesExit>(
            run_files_command("do " + action + "\nfile " + file_ + "\n" + lines));
    }
    FilesExit save() const { return run("cache-save", "path out\ndetailed \n"); }

    tests::TempDir directory_;
    fs::path project_ = directory_.path() / "project";
    fs::path before_ = fs::current_path();
    const std::string file_ = directory_.path() / "cache/key/cache.zip";
};

TEST_F(CacheFiles, KnowWhetherTheStorageHasThem) {
    ASSERT_EQ(save(), FilesExit::kDone);
    EXPECT_EQ(save(), FilesExit::kDone) << "unchanged, but it was never sent";
    ASSERT_EQ(run("cache-note", "etag \"e1\"\n"), FilesExit::kDone);
    EXPECT_EQ(save(), FilesExit::kUnchanged);
    EXPECT_EQ(run("cache-save", "path out\n"), FilesExit::kDone) << "who does not ask for details";
    write("out", "two, and longer");
    EXPECT_EQ(save(), FilesExit::kDone);
    EXPECT_EQ(save(), FilesExit::kDone) << "the record is of the former archive";
    fs::remove("out");
    EXPECT_EQ(save(), FilesExit::kNothing);
}

TEST_F(CacheFiles, OfTheSameSizeAreSavedAgainWhenTheirTimeDoesNotTellThemApart) {
    ASSERT_EQ(save(), FilesExit::kDone);
    ASSERT_EQ(run("cache-note", "etag \"e1\"\n"), FilesExit::kDone);
    const fs::file_time_type time = fs::last_write_time("out");
    write("out", "two");
    fs::last_write_time("out", time);
    fs::last_write_time(file_, time);  // the archive and the file are of one second
    EXPECT_EQ(save(), FilesExit::kDone);
    EXPECT_EQ(restored(), "two");
}

TEST_F(CacheFiles, AreRestoredWhenTheyAreTheObjectThatIsAskedFor) {
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\n"), FilesExit::kNothing);
    EXPECT_TRUE(fs::is_directory(fs::path(file_).parent_path())) << "made for what will be fetched";
    ASSERT_EQ(save(), FilesExit::kDone);
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\n"), FilesExit::kNothing);
    ASSERT_EQ(run("cache-note", "etag \"e1\"\n"), FilesExit::kDone);
    EXPECT_EQ(run("cache-restore", "etag \"e2\"\n"), FilesExit::kNothing);
    fs::remove("out");
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\n"), FilesExit::kDone);
    EXPECT_TRUE(fs::exists("out"));
}

TEST_F(CacheFiles, AreNotRestoredWhenAnotherJobHasReplacedThem) {
    ASSERT_EQ(save(), FilesExit::kDone);
    ASSERT_EQ(run("cache-note", "etag \"e1\"\n"), FilesExit::kDone);
    fs::copy_file(file_, file_ + ".other");
    fs::rename(file_ + ".other", file_);
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\n"), FilesExit::kNothing);
}

TEST_F(CacheFiles, AreRestoredAsUnsentOnlyIfTheStorageNeverHadThem) {
    EXPECT_EQ(run("cache-restore", "unsent \n"), FilesExit::kNothing);
    ASSERT_EQ(save(), FilesExit::kDone);
    EXPECT_EQ(run("cache-restore", "unsent \n"), FilesExit::kDone);
    ASSERT_EQ(run("cache-note", "etag \"e1\"\n"), FilesExit::kDone);
    EXPECT_EQ(run("cache-restore", "unsent \n"), FilesExit::kNothing);
    EXPECT_EQ(run("cache-restore"), FilesExit::kDone) << "any copy will do";
}

TEST_F(CacheFiles, TakeThePlaceOfTheOldCopyWhenTheyWereFetched) {
    ASSERT_EQ(save(), FilesExit::kDone);
    const std::string fetched = file_ + ".fetched";
    fs::rename(file_, fetched);
    write(file_, "old");
    fs::remove("out");
    ASSERT_EQ(run("cache-restore", "etag \"e1\"\nfetched " + fetched + "\n"), FilesExit::kDone);
    EXPECT_TRUE(fs::exists("out"));
    EXPECT_FALSE(fs::exists(fetched));
    EXPECT_EQ(save(), FilesExit::kUnchanged);
}

TEST_F(CacheFiles, FailWhenAFetchedArchiveIsDamaged) {
    fs::create_directories(fs::path(file_).parent_path());
    write(file_ + ".fetched", "no archive");
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\nfetched " + file_ + ".fetched\n"),
              FilesExit::kFailed);
    EXPECT_EQ(run("cache-restore", "etag \"e1\"\nfetched " + file_ + ".none\n"),
              FilesExit::kFailed);
}

}  // namespace
}  // namespace executors::helper
