#include "base/file_replacement.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace fs = std::filesystem;

struct stat facts_of(const fs::path& path) {
    struct stat facts {};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts;
}

std::ptrdiff_t files_in(const fs::path& directory) {
    return std::distance(fs::directory_iterator(directory), {});
}

class ReplaceFile : public testing::Test {
  protected:
    void SetUp() override { write(file_, "the former text\n"); }

    static void write(const fs::path& path, const std::string& text) {
        std::ofstream(path) << text;
        EXPECT_EQ(::chmod(path.c_str(), 0644), 0);
    }
    static std::string text_of(const fs::path& path) { return base::read_file(path).value(); }

    tests::TempDir dir_;
    fs::path file_ = dir_.path() / "file";
};

TEST_F(ReplaceFile, RenamesANewFileToItsPlace) {
    const auto before = facts_of(file_);
    ASSERT_TRUE(base::check_replaceable(file_, 100));
    EXPECT_EQ(facts_of(file_).st_ino, before.st_ino);
    ASSERT_TRUE(base::replace_file(file_, "new", 0600));
    EXPECT_EQ(text_of(file_), "new");
    EXPECT_NE(facts_of(file_).st_ino, before.st_ino);
    EXPECT_EQ(facts_of(file_).st_mode & 0777U, 0600U);
    EXPECT_EQ(files_in(dir_.path()), 1);
}

TEST_F(ReplaceFile, MakesAMissingFile) {
    const auto fresh = dir_.path() / "fresh";
    ASSERT_TRUE(base::check_replaceable(fresh, 100));
    EXPECT_FALSE(fs::exists(fresh));
    ASSERT_TRUE(base::replace_file(fresh, "new", 0600));
    EXPECT_EQ(text_of(fresh), "new");
    EXPECT_FALSE(base::check_replaceable(dir_.path() / "none" / "file", 1));
    EXPECT_FALSE(base::replace_file(dir_.path() / "none" / "file", "new", 0600));
}

TEST_F(ReplaceFile, WhatIsNoFileStays) {
    const auto fifo = dir_.path() / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto directory = dir_.path() / "directory";
    ASSERT_TRUE(base::make_directories(directory, 0700));
    for (const auto& path : {fifo, directory}) {
        EXPECT_FALSE(base::check_replaceable(path, 1));
        EXPECT_FALSE(base::replace_file(path, "new", 0600));
        EXPECT_FALSE(fs::is_regular_file(path));
    }
}

/// Cases that only root can make: the process gets mounts that nobody else sees.
class ReplaceFileAsRoot : public ReplaceFile {
  protected:
    void SetUp() override {
        ReplaceFile::SetUp();
        if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            GTEST_SKIP() << "only root can mount";
    }
    void TearDown() override {
        for (const auto& path : mounted_) ::umount2(path.c_str(), MNT_DETACH);
        set_attributes(file_, 0);
    }

    void bind(const fs::path& path, unsigned long flags = 0) {
        ASSERT_EQ(::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0);
        mounted_.insert(mounted_.begin(), path);
        if (flags == 0) return;
        ASSERT_EQ(::mount(nullptr, path.c_str(), nullptr, MS_BIND | MS_REMOUNT | flags, nullptr),
                  0);
    }
    void mount_small_disk(const fs::path& path) {
        ASSERT_TRUE(base::make_directories(path, 0700));
        ASSERT_EQ(::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=8k"), 0);
        mounted_.insert(mounted_.begin(), path);
    }
    static bool set_attributes(const fs::path& path, int flags) {
        const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        return fd && ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0;
    }
    static int code_of(const base::Result<void>& result) {
        return result ? 0 : result.error().code.value();
    }

    std::vector<fs::path> mounted_;  ///< last one first
};

TEST_F(ReplaceFileAsRoot, WritesIntoAFileThatIsMountedByItself) {
    bind(file_);
    const auto before = facts_of(file_);
    for (const std::string& text : {std::string("short"), std::string(20000, 'x'), std::string()}) {
        ASSERT_TRUE(base::check_replaceable(file_, text.size()));
        const auto done = base::replace_file(file_, text, 0600);
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_EQ(text_of(file_), text);
    }
    EXPECT_EQ(facts_of(file_).st_ino, before.st_ino);
    EXPECT_EQ(facts_of(file_).st_mode & 0777U, 0600U);
    EXPECT_EQ(files_in(dir_.path()), 1);
}

TEST_F(ReplaceFileAsRoot, AReadOnlyDirectoryIsRefused) {
    bind(dir_.path(), MS_RDONLY);
    EXPECT_EQ(code_of(base::check_replaceable(file_, 3)), EROFS);
    EXPECT_EQ(code_of(base::replace_file(file_, "new", 0600)), EROFS);
    EXPECT_EQ(code_of(base::check_replaceable(dir_.path() / "fresh", 3)), EROFS);
}

TEST_F(ReplaceFileAsRoot, AWritableMountInAReadOnlyDirectoryIsEnough) {
    const tests::TempDir other;
    const auto real = other.path() / "real";
    write(real, "the former text\n");
    bind(dir_.path(), MS_RDONLY);
    ASSERT_EQ(::mount(real.c_str(), file_.c_str(), nullptr, MS_BIND, nullptr), 0);
    mounted_.insert(mounted_.begin(), file_);
    EXPECT_TRUE(base::check_replaceable(file_, 3));
    EXPECT_TRUE(base::replace_file(file_, "new", 0600));
    EXPECT_EQ(text_of(real), "new");
}

TEST_F(ReplaceFileAsRoot, AReadOnlyMountKeepsItsText) {
    bind(file_, MS_RDONLY);
    EXPECT_EQ(code_of(base::check_replaceable(file_, 3)), EROFS);
    EXPECT_EQ(code_of(base::replace_file(file_, "new", 0600)), EROFS);
    EXPECT_EQ(text_of(file_), "the former text\n");
    EXPECT_EQ(files_in(dir_.path()), 1);
}

TEST_F(ReplaceFileAsRoot, AFileWithFixedAttributesKeepsItsText) {
    for (const int attribute : {FS_IMMUTABLE_FL, FS_APPEND_FL}) {
        if (!set_attributes(file_, attribute)) GTEST_SKIP() << "no attributes here";
        EXPECT_EQ(code_of(base::check_replaceable(file_, 3)), EPERM);
        EXPECT_EQ(code_of(base::replace_file(file_, "new", 0600)), EPERM);
        EXPECT_EQ(text_of(file_), "the former text\n");
        EXPECT_EQ(files_in(dir_.path()), 1);
        ASSERT_TRUE(set_attributes(file_, 0));
    }
    EXPECT_TRUE(base::replace_file(file_, "new", 0600));
}

TEST_F(ReplaceFileAsRoot, AFullDiskTakesWhatFitsIntoTheFile) {
    const auto disk = dir_.path() / "disk";
    mount_small_disk(disk);
    const auto file = disk / "file";
    write(file, "the former text\n");
    write(disk / "fill", std::string(4096, 'x'));  // the second page of two
    // The former text is kept in the file until the new one is complete.
    EXPECT_TRUE(base::check_replaceable(file, 3000));
    EXPECT_TRUE(base::replace_file(file, std::string(3000, 'n'), 0600));
    EXPECT_EQ(text_of(file), std::string(3000, 'n'));
    EXPECT_EQ(code_of(base::check_replaceable(file, 5000)), ENOSPC);
    EXPECT_EQ(code_of(base::replace_file(file, std::string(5000, 'm'), 0600)), ENOSPC);
    EXPECT_EQ(text_of(file), std::string(3000, 'n'));
    EXPECT_EQ(files_in(disk), 2);
}

TEST_F(ReplaceFileAsRoot, KeepsTheOwner) {
    ASSERT_EQ(::chown(file_.c_str(), 1234, 1235), 0);
    ASSERT_TRUE(base::replace_file(file_, "new", 0600));
    EXPECT_EQ(facts_of(file_).st_uid, 1234U);
    EXPECT_EQ(facts_of(file_).st_gid, 1235U);
}

}  // namespace
