#include "executors/helper/unpack.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "executors/helper/posix.hpp"
#include "tests/support/spreads_children.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

/// One entry of a ustar archive. It is written here, because tar(1) refuses to make bad ones.
std::string entry(const std::string& name, char type, const std::string& content,
                  const std::string& link = {}) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) {
        header.replace(at, text.size(), text);
    };
    char size[12];
    std::snprintf(size, sizeof size, "%011o", static_cast<unsigned>(content.size()));
    put(0, name);
    put(100, "0000755");
    put(108, "0000000");
    put(116, "0000000");
    put(124, size);
    put(136, "00000000001");
    put(148, "        ");
    header[156] = type;
    put(157, link);
    put(257, std::string("ustar\0", 6) + "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    put(148, std::string(text, 7) + " ");
    std::string padded = content;
    padded.resize((content.size() + 511) / 512 * 512, '\0');
    return header + padded;
}

class Unpack : public testing::Test {
  protected:
    void SetUp() override { fs::create_directory(root_); }

    std::size_t unpack(const std::string& bytes) {
        const std::string path = directory_.path() / "archive.tar";
        std::ofstream(path, std::ios::binary) << bytes << std::string(1024, '\0');
        const UniqueFd file(::open(path.c_str(), O_RDONLY));
        return unpack_tar(file.get(), root_);
    }
    static std::string read(const fs::path& path) { return read_file_end(path, 1 << 20); }

    tests::TempDir directory_;
    fs::path root_ = directory_.path() / "root";
};

TEST_F(Unpack, MakesFilesDirectoriesAndLinks) {
    EXPECT_EQ(
        unpack(entry("d/", '5', "") + entry("d/f", '0', "hello") + entry("d/s", '2', "", "f") +
               entry("h", '1', "", "d/f") + entry("deep/er/g", '0', std::string(100'000, 'x'))),
        5U);
    EXPECT_EQ(read(root_ / "d/f"), "hello");
    EXPECT_EQ(fs::read_symlink(root_ / "d/s"), "f");
    EXPECT_EQ(read(root_ / "h"), "hello");
    EXPECT_EQ(read(root_ / "deep/er/g").size(), 100'000U);
    EXPECT_EQ(fs::status(root_ / "d/f").permissions(), static_cast<fs::perms>(0755));
}

TEST_F(Unpack, AsksExt4ToSpreadTheDirectoriesThatItMakes) {
    if (!tests::spreads_children(root_)) GTEST_SKIP() << root_ << " is not on ext4";
    fs::create_directory(root_ / "old");
    unpack(entry("old/f", '0', "x") + entry("a/b/f", '0', "x"));
    EXPECT_EQ(tests::spreads_children(root_), true);
    EXPECT_EQ(tests::spreads_children(root_ / "a"), true);
    EXPECT_EQ(tests::spreads_children(root_ / "a/b"), false) << "no directory was made in it";
    EXPECT_EQ(tests::spreads_children(root_ / "old"), false);
}

TEST_F(Unpack, ReplacesALinkInsteadOfFollowingIt) {
    std::ofstream(directory_.path() / "outside") << "kept";
    fs::create_symlink(directory_.path() / "outside", root_ / "f");
    unpack(entry("f", '0', "new"));
    EXPECT_EQ(read(directory_.path() / "outside"), "kept");
    EXPECT_EQ(read(root_ / "f"), "new");
    EXPECT_FALSE(fs::is_symlink(root_ / "f"));
}

TEST_F(Unpack, RefusesPathsOutsideItsDirectory) {
    fs::create_directory(directory_.path() / "elsewhere");
    const auto elsewhere = (directory_.path() / "elsewhere").string();
    EXPECT_THROW(unpack(entry("../x", '0', "bad")), Failure);
    EXPECT_THROW(unpack(entry("a/../../x", '0', "bad")), Failure);
    EXPECT_THROW(unpack(entry("/x-absolute", '0', "bad")), Failure);
    EXPECT_THROW(unpack(entry("l", '2', "", elsewhere) + entry("l/x", '0', "bad")), Failure);
    EXPECT_THROW(unpack(entry("h", '1', "", "../archive.tar")), Failure);
    EXPECT_TRUE(fs::is_empty(elsewhere));
    EXPECT_FALSE(fs::exists(directory_.path() / "x"));
}

TEST_F(Unpack, KeepsTheBytesOfNamesInExtendedHeaders) {
    const auto extended = [](const std::string& name) {
        return entry("header", 'x', std::to_string(name.size() + 9) + " path=" + name + "\n") +
               entry("short", '0', name);
    };
    const std::vector<std::string> names{"u\u0308", "\u00fc", "\xff\xfe"};
    std::string tar;
    for (const std::string& name : names) tar += extended(name);
    EXPECT_EQ(unpack(tar), names.size());
    for (const std::string& name : names) EXPECT_EQ(read(root_ / name), name);
}

TEST_F(Unpack, FollowsLinksToDirectoriesInsideOfItsDirectory) {
    fs::create_directories(root_ / "real/sub");
    fs::create_directory_symlink("real", root_ / "way");
    fs::create_directory_symlink("../way/sub", root_ / "real/up");
    fs::create_directory_symlink(root_ / "real", root_ / "absolute");
    unpack(entry("way/", '5', "") + entry("way/a", '0', "1") + entry("real/up/b", '0', "2") +
           entry("absolute/sub/c", '0', "3") + entry("way/new/d", '0', "4"));
    EXPECT_EQ(read(root_ / "real/a"), "1");
    EXPECT_EQ(read(root_ / "real/sub/b"), "2");
    EXPECT_EQ(read(root_ / "real/sub/c"), "3");
    EXPECT_EQ(read(root_ / "real/new/d"), "4");
    EXPECT_TRUE(fs::is_symlink(root_ / "way"));
}

TEST_F(Unpack, RefusesLinksThatLeadOutOrInCircles) {
    fs::create_directory(directory_.path() / "root-2");
    fs::create_directory(directory_.path() / "elsewhere");
    fs::create_directory_symlink("../elsewhere", root_ / "out");
    fs::create_directory_symlink(directory_.path() / "root-2", root_ / "beside");
    fs::create_directory_symlink("../root/..", root_ / "back");
    fs::create_directory_symlink("circle", root_ / "circle");
    fs::create_directory_symlink("missing", root_ / "dangling");
    for (const char* name : {"out", "beside", "back", "circle", "dangling"}) {
        EXPECT_THROW(unpack(entry(std::string(name) + "/x", '0', "bad")), Failure) << name;
        EXPECT_THROW(unpack(entry(std::string(name) + "/", '5', "")), Failure) << name;
    }
    EXPECT_TRUE(fs::is_empty(directory_.path() / "elsewhere"));
    EXPECT_TRUE(fs::is_empty(directory_.path() / "root-2"));
    EXPECT_FALSE(fs::exists(root_ / "missing"));
}

TEST_F(Unpack, RefusesDevicesAndDamagedArchives) {
    EXPECT_THROW(unpack(entry("p", '6', "")), Failure);
    EXPECT_THROW(unpack(entry("f", '0', std::string(5000, 'x')).substr(0, 2000)), Failure);
    EXPECT_THROW(unpack(std::string(4096, 'z')), Failure);
}

}  // namespace
}  // namespace executors::helper
