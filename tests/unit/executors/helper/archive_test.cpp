#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "executors/helper/archive_writer.hpp"
#include "executors/helper/file_selection.hpp"
#include "executors/helper/files_command.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/unpack.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

/// A project directory, the working directory of the test.
class Archives : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(project_ / "out/sub");
        fs::current_path(project_);
        write("out/a.txt", "alpha");
        write("out/sub/b.log", std::string(100'000, 'b'));
        write("out/sub/.hidden", "");
        write("top.log", "t");
        fs::create_symlink("a.txt", "out/link");
        fs::permissions("out/a.txt", fs::perms::owner_all);
    }
    void TearDown() override { fs::current_path(before_); }

    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
    }
    Selection select(std::vector<std::string> paths, std::vector<std::string> excludes = {}) {
        const Report report{[this](const std::string& line) { lines_.push_back(line); },
                            [this](const std::string& line) { lines_.push_back("! " + line); }};
        return select_files({std::move(paths), std::move(excludes), false}, report);
    }
    static std::string names(const Selection& selection) {
        std::string text;
        for (const auto& [path, status] : selection) text += path + " ";
        return text;
    }
    fs::path pack(ArchiveFormat format, const Selection& selection) {
        fs::path path = directory_.path() / "archive";
        const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
        write_archive(format, compression_level(""), selection, file.get(),
                      {[](const auto&) {}, [](const auto&) {}});
        return path;
    }
    static int run(const std::string& request) { return run_files_command(request); }

    tests::TempDir directory_;
    fs::path project_ = directory_.path() / "project";
    fs::path before_ = fs::current_path();
    std::vector<std::string> lines_;
};

TEST_F(Archives, TakesAllThatIsInADirectory) {
    EXPECT_EQ(names(select({"out/"})),
              "out out/a.txt out/link out/sub out/sub/.hidden out/sub/b.log ");
    EXPECT_EQ(lines_.front(), "out/: found 6 matching artifact files and directories");
}

TEST_F(Archives, SelectsAndExcludesByGlobs) {
    EXPECT_EQ(names(select({"**/*.log"})), "out/sub/b.log top.log ");
    EXPECT_EQ(names(select({"*.log"})), "top.log ");
    EXPECT_EQ(names(select({"out/*"})),
              "out/a.txt out/link out/sub out/sub/.hidden out/sub/b.log ");
    EXPECT_EQ(names(select({"out"}, {"out/**/*.log", "out/sub"})),
              "out out/a.txt out/link out/sub/.hidden ");
    EXPECT_EQ(names(select({project_.string() + "/top.log"})), "top.log ");
    EXPECT_EQ(names(select({"."})), names(select({"*"})));
}

TEST_F(Archives, WarnsOfPathsThatMatchNothing) {
    EXPECT_TRUE(select({"none", "../outside", "/etc/passwd"}).empty());
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(lines_[0].substr(0, 31), "! none: no matching files. Ensu");
    EXPECT_EQ(lines_[1], "! artifact path is not a subpath of project directory: ../outside");
    EXPECT_EQ(lines_[2], "! artifact path is not a subpath of project directory: /etc/passwd");
}

TEST_F(Archives, DoesNotFollowSymbolicLinks) {
    fs::create_directory(directory_.path() / "elsewhere");
    write(directory_.path() / "elsewhere/secret", "s");
    fs::create_directory_symlink(directory_.path() / "elsewhere", "way");
    EXPECT_EQ(names(select({"way"})), "way ");
    EXPECT_EQ(names(select({"way/*"})), "");
}

TEST_F(Archives, UnpacksWhatItPackedAsZipAndTar) {
    for (const auto format : {ArchiveFormat::kZip, ArchiveFormat::kTarZstd}) {
        const auto path = pack(format, select({"out"}));
        const fs::path target = directory_.path() / "target";
        fs::remove_all(target);
        fs::create_directory(target);
        const UniqueFd file(::open(path.c_str(), O_RDONLY));
        EXPECT_EQ(unpack_archive(file.get(), target), 6U);
        EXPECT_EQ(read_file_end(target / "out/a.txt", 100), "alpha");
        EXPECT_EQ(fs::status(target / "out/a.txt").permissions(), fs::perms::owner_all);
        EXPECT_EQ(fs::file_size(target / "out/sub/b.log"), 100'000U);
        EXPECT_EQ(fs::read_symlink(target / "out/link"), "a.txt");
        EXPECT_EQ(fs::file_size(target / "out/sub/.hidden"), 0U);
    }
}

TEST_F(Archives, ReportsADamagedArchive) {
    const auto path = pack(ArchiveFormat::kZip, select({"out"}));
    fs::resize_file(path, fs::file_size(path) / 2);
    const UniqueFd file(::open(path.c_str(), O_RDONLY));
    EXPECT_THROW(unpack_archive(file.get(), project_), Failure);
}

TEST_F(Archives, TakesExactlyOneFileAsRaw) {
    EXPECT_EQ(read_file_end(pack(ArchiveFormat::kRaw, select({"top.log"})), 100), "t");
    EXPECT_THROW(pack(ArchiveFormat::kRaw, select({"out"})), Failure);
    EXPECT_THROW(pack(ArchiveFormat::kGzip, select({"out"})), Failure);
}

TEST_F(Archives, KnowsTheOfficialFormatsAndLevels) {
    EXPECT_EQ(archive_file_name("a", parse_archive_format("")), "a.zip");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("gzip")), "a.gz");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("raw")), "a");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("tarzstd")), "a.tar.zst");
    EXPECT_THROW(parse_archive_format("rar"), Failure);
    EXPECT_EQ(compression_level("fastest"), 0);
    EXPECT_EQ(compression_level("slowest"), 9);
    EXPECT_EQ(compression_level("best"), -1);
}

TEST_F(Archives, WritesACacheAgainOnlyWhenAFileHasChanged) {
    const std::string file = directory_.path() / "cache/key/cache.zip";
    const std::string save = "do cache-save\nfile " + file + "\npath out\n";
    ASSERT_EQ(run(save), 0);
    const auto number = [&] {
        struct stat status {};
        EXPECT_EQ(::stat(file.c_str(), &status), 0);
        return status.st_ino;
    };
    const auto first = number();
    ASSERT_EQ(run(save), 0);
    EXPECT_EQ(number(), first);
    fs::remove("out/sub/.hidden");
    ASSERT_EQ(run(save), 0);
    EXPECT_NE(number(), first);
    fs::remove_all("out");
    ASSERT_EQ(run("do cache-restore\nfile " + file + "\n"), 0);
    EXPECT_TRUE(fs::exists("out/a.txt"));
    EXPECT_FALSE(fs::exists("out/sub/.hidden"));
}

TEST_F(Archives, ExitsWithOneWhenThereIsNoCache) {
    EXPECT_EQ(run("do cache-restore\nfile " + (directory_.path() / "none").string() + "\n"), 1);
    EXPECT_EQ(run("do something\n"), 1);
    EXPECT_EQ(run("unknown line\n"), 1);
}

}  // namespace
}  // namespace executors::helper
