#include "executors/helper/receive_archive.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "executors/helper/file_work.hpp"
#include "executors/helper/staged_files.hpp"
#include "executors/helper/unpack.hpp"
#include "tests/unit/executors/helper/archive_fixture.hpp"
#include "tests/unit/executors/helper/zip_fixture.hpp"

namespace executors::helper {
namespace {

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// An archive is received into tmp_, and then unpacked into the working directory.
class ReceivedArchive : public Archives {
  protected:
    void SetUp() override {
        Archives::SetUp();
        fs::create_directory(tmp_);
        fs::create_directory(target_);
        fs::current_path(target_);
    }

    void receive(const std::string& bytes, unsigned cores = 2) {
        const fs::path source = directory_.path() / "source";
        std::ofstream(source, std::ios::binary) << bytes;
        const UniqueFd input(::open(source.c_str(), O_RDONLY));
        receive_from(input.get(), cores);
        EXPECT_EQ(bytes_of(archive_), bytes);
    }
    void receive_from(int input, unsigned cores = 2) {
        FileCommand command;
        command.kind = FileCommand::Kind::kPutFile;
        command.path = archive_;
        command.mode = 0600;
        command.unpack = cores;
        do_file_command(command, input);
    }
    [[nodiscard]] int extract() const {
        return run("do extract\nfile " + archive_.string() + "\n");
    }
    /// The content of the staged files, by their inodes.
    [[nodiscard]] std::map<ino_t, std::string> staged() const {
        std::map<ino_t, std::string> files;
        if (!fs::exists(staging_)) return files;
        for (const auto& entry : fs::recursive_directory_iterator(staging_)) {
            if (entry.is_regular_file() && entry.path().filename() != "index")
                files[inode_of(entry.path())] = bytes_of(entry.path());
        }
        return files;
    }
    static ino_t inode_of(const fs::path& path) {
        struct stat status {};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
        return status.st_ino;
    }
    /// What is in a directory: path → kind, mode, time and content.
    static std::map<std::string, std::string> tree_of(const fs::path& root) {
        std::map<std::string, std::string> tree;
        for (const auto& entry : fs::recursive_directory_iterator(root)) {
            struct stat status {};
            EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
            std::string text = std::to_string(status.st_mode);
            if (entry.is_symlink()) text += " -> " + fs::read_symlink(entry.path()).string();
            if (S_ISREG(status.st_mode))
                text += " " + std::to_string(status.st_mtime) + " " + bytes_of(entry.path());
            tree[fs::relative(entry.path(), root)] = text;
        }
        return tree;
    }
    /// What unpacking the archive alone makes.
    [[nodiscard]] std::map<std::string, std::string> unpacked_at_once(
        const std::string& bytes) const {
        const fs::path other = directory_.path() / "other";
        fs::remove_all(other);
        fs::create_directory(other);
        const fs::path source = directory_.path() / "whole";
        std::ofstream(source, std::ios::binary) << bytes;
        const UniqueFd file(::open(source.c_str(), O_RDONLY));
        unpack_archive(file.get(), other);
        return tree_of(other);
    }
    void expect_same_as_at_once(const std::string& bytes) {
        receive(bytes);
        ASSERT_EQ(extract(), 0);
        EXPECT_EQ(tree_of(target_), unpacked_at_once(bytes));
        EXPECT_TRUE(fs::is_empty(tmp_)) << "the archive and the staged files are gone";
    }

    fs::path tmp_ = directory_.path() / "tmp";
    fs::path target_ = directory_.path() / "target";
    fs::path archive_ = tmp_ / "dependency-1";
    fs::path staging_ = tmp_ / "dependency-1.files";
};

TEST_F(ReceivedArchive, IsUnpackedBesideItselfAndThenMovedIntoPlace) {
    fs::current_path(project_);
    std::string large;  // does not fit into the memory for one file
    while (large.size() < 3'000'000) large += std::to_string(large.size());
    write("out/large", large);
    const std::string zip = bytes_of(pack(ArchiveFormat::kZip, select({"out"})));
    fs::current_path(target_);
    receive(zip);
    const auto files = staged();
    EXPECT_EQ(files.size(), 5U) << "four files, and the text of the link";
    const ino_t directory = inode_of(staging_ / "tree/out");
    EXPECT_TRUE(fs::is_empty(target_)) << "nothing is in the project before the archive is whole";
    ASSERT_EQ(extract(), 0);
    for (const char* const name : {"out/a.txt", "out/sub/b.log", "out/sub/.hidden", "out/large"})
        EXPECT_EQ(files.count(inode_of(name)), 1U) << name << " was moved";
    EXPECT_EQ(inode_of("out"), directory) << "with its directory";
    EXPECT_EQ(tree_of(target_), unpacked_at_once(zip));
    EXPECT_EQ(fs::read_symlink("out/link"), "a.txt");
    EXPECT_TRUE(fs::is_empty(tmp_));
}

TEST_F(ReceivedArchive, IsUnpackedByOneCoreToo) {
    TestZip zip;
    zip.add("a", "one");
    receive(zip.text(), 1);
    EXPECT_EQ(staged().size(), 1U);
    ASSERT_EQ(extract(), 0);
    EXPECT_EQ(bytes_of("a"), "one");
}

TEST_F(ReceivedArchive, ReplacesWhatIsInThePlaceOfAFile) {
    TestZip zip;
    zip.add("file", "new");
    zip.add("link", "new");
    zip.add("empty", "new");
    std::ofstream("file") << "old";
    std::ofstream(directory_.path() / "outside") << "kept";
    fs::create_symlink(directory_.path() / "outside", "link");
    fs::create_directory("empty");
    receive(zip.text());
    ASSERT_EQ(extract(), 0);
    for (const char* const name : {"file", "link", "empty"}) EXPECT_EQ(bytes_of(name), "new");
    EXPECT_FALSE(fs::is_symlink("link"));
    EXPECT_EQ(bytes_of(directory_.path() / "outside"), "kept");
}

TEST_F(ReceivedArchive, ReplacesNoDirectoryThatHasFiles) {
    TestZip zip;
    zip.add("full", "new");
    fs::create_directories("full/of");
    receive(zip.text());
    EXPECT_EQ(extract(), 1);
    EXPECT_TRUE(fs::is_directory("full/of"));
}

TEST_F(ReceivedArchive, HasTheNamesModesAndTimesOfItsDirectory) {
    TestZip zip;
    zip::Entry listed = TestZip::entry("true/name", "content");
    listed.status.st_mode = S_IFREG | 0751;
    listed.status.st_mtime = 1'600'000'000;
    zip.add(TestZip::entry("local/name", "content"), "content", listed);
    zip.add_hidden(TestZip::entry("hidden", "not listed"), "not listed");
    zip.add("last", "x");
    receive(zip.text());
    EXPECT_EQ(staged().size(), 3U);
    ASSERT_EQ(extract(), 0);
    EXPECT_EQ(tree_of(target_), unpacked_at_once(zip.text()));
    EXPECT_EQ(bytes_of("true/name"), "content");
    EXPECT_FALSE(fs::exists("hidden"));
    EXPECT_FALSE(fs::exists("local"));
    EXPECT_TRUE(fs::is_empty(tmp_));
}

TEST_F(ReceivedArchive, GivesTheSameFilesInAnyOrderAndAsOftenAsTheyAreListed) {
    TestZip zip;
    zip.add("same", "first");
    zip.add("other", "x");
    zip.add("same", "last");
    zip.list_again("copy");
    expect_same_as_at_once(zip.text());
    EXPECT_EQ(bytes_of("same"), "last");
    EXPECT_EQ(bytes_of("copy"), "last");
    fs::remove("same");
    fs::remove("copy");
    zip.reverse_directory();
    expect_same_as_at_once(zip.text());
    EXPECT_EQ(bytes_of("same"), "first");
}

TEST_F(ReceivedArchive, IsUnpackedAtTheEndWhereItsHeadersDoNotTell) {
    constexpr std::size_t kFlagsAt = 6;
    TestZip descriptors;
    descriptors.add("a", "one");
    descriptors.members()[kFlagsAt] = '\x08';
    descriptors.add("b", "two");
    receive(descriptors.text());
    EXPECT_TRUE(staged().empty());
    ASSERT_EQ(extract(), 0);
    EXPECT_EQ(tree_of(target_), unpacked_at_once(descriptors.text()));

    TestZip large;
    zip::Entry entry = TestZip::entry("large", "of 64 bits");
    entry.large = true;
    large.add(entry, "of 64 bits", entry);
    fs::remove("a");
    fs::remove("b");
    expect_same_as_at_once(large.text());
    EXPECT_EQ(bytes_of("large"), "of 64 bits");

    fs::remove("large");
    TestZip plain;
    plain.add("a", "one");
    expect_same_as_at_once("#!/bin/sh\n" + plain.text());
}

TEST_F(ReceivedArchive, IsNoZipAndStaysAsItIs) {
    for (const std::string& bytes : {std::string(), std::string("\x28\xb5\x2f\xfd", 4),
                                     std::string("PK"), std::string(500'000, '\0')}) {
        receive(bytes);
        EXPECT_TRUE(staged().empty());
        EXPECT_EQ(extract(), 1);
    }
}

TEST_F(ReceivedArchive, SaysWhatIsDamagedAsWithoutStaging) {
    TestZip zip;
    zip.add("good", "good");
    zip.add("bad", "content");
    std::string text = zip.text();
    text.replace(text.find("content"), 7, "changed");
    receive(text);
    EXPECT_EQ(staged().size(), 1U);
    testing::internal::CaptureStderr();
    EXPECT_EQ(extract(), 1);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("unpack bad: the archive is damaged"),
              std::string::npos);
}

TEST_F(ReceivedArchive, DoesNotBelieveALocalHeaderThatTheDirectoryContradicts) {
    TestZip zip;
    zip::Entry listed = TestZip::entry("f", "content");
    listed.crc = 1;
    zip.add(TestZip::entry("f", "content"), "content", listed);
    receive(zip.text());
    EXPECT_EQ(staged().size(), 1U);
    EXPECT_EQ(extract(), 1) << "the directory's checksum counts";
    listed = TestZip::entry("f", "cont");
    TestZip shorter;
    shorter.add(TestZip::entry("f", "content"), "content", listed);
    fs::remove("f");
    expect_same_as_at_once(shorter.text());
    EXPECT_EQ(bytes_of("f"), "cont");
}

TEST_F(ReceivedArchive, WritesNothingOutsideOfTheProject) {
    fs::create_directory(directory_.path() / "elsewhere");
    for (const std::string& name : {std::string("../x"), std::string("a/../../x"),
                                    directory_.path().string() + "/x", std::string("way/x")}) {
        fs::remove("way");
        fs::create_directory_symlink("../elsewhere", "way");
        TestZip zip;
        zip.add(name, "bad");
        receive(zip.text());
        EXPECT_LE(staged().size(), 1U);
        EXPECT_EQ(extract(), 1) << name;
        EXPECT_FALSE(fs::exists(directory_.path() / "x"));
        EXPECT_TRUE(fs::is_empty(directory_.path() / "elsewhere"));
    }
}

TEST_F(ReceivedArchive, LeavesNothingWhenItDoesNotComeWhole) {
    const UniqueFd no_input(::open(tmp_.c_str(), O_RDONLY));
    EXPECT_THROW(receive_from(no_input.get()), Failure) << "a directory cannot be read";
    EXPECT_TRUE(fs::is_empty(tmp_));
}

TEST_F(ReceivedArchive, BeginsAnewOverWhatAnEarlierTryHasLeft) {
    fs::create_directories(staging_ / "tree");
    std::ofstream(staging_ / "tree/f") << "old";
    std::ofstream(staging_ / "index") << "old";
    TestZip zip;
    zip.add("f", "new");
    receive(zip.text());
    ASSERT_EQ(staged().size(), 1U);
    EXPECT_EQ(staged().begin()->second, "new");
    expect_same_as_at_once(zip.text());
}

TEST_F(ReceivedArchive, DoesNotUseStagedFilesThatOthersMayHaveChanged) {
    TestZip zip;
    zip.add("f", "content");
    receive(zip.text());
    const auto files = staged();
    fs::permissions(staging_, fs::perms::group_all, fs::perm_options::add);
    ASSERT_EQ(extract(), 0);
    EXPECT_EQ(files.count(inode_of("f")), 0U);
    EXPECT_EQ(bytes_of("f"), "content");
    receive(zip.text());
    fs::rename(staging_, directory_.path() / "moved");
    fs::create_directory_symlink(directory_.path() / "moved", staging_);
    ASSERT_EQ(extract(), 0);
    EXPECT_EQ(bytes_of("f"), "content");
    EXPECT_TRUE(fs::exists(directory_.path() / "moved/index")) << "a link is not followed";
}

TEST_F(ReceivedArchive, ComesWholeThoughThereIsNoRoomForStagedFiles) {
    if (::mount("tmpfs", tmp_.c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "only root may mount a small disk";
    TestZip zip;
    for (int i = 0; i < 9; ++i) zip.add("f" + std::to_string(i), std::string(100'000, 'x'));
    receive(zip.text());
    EXPECT_TRUE(staged().empty());
    EXPECT_EQ(extract(), 0) << "unpacked on another disk";
    EXPECT_EQ(bytes_of("f8").size(), 100'000U);
    ::umount(tmp_.c_str());
}

TEST_F(ReceivedArchive, IsUnpackedIntoAnotherDisk) {
    if (::mount("tmpfs", target_.c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "only root may mount another disk";
    fs::current_path(target_);
    TestZip zip;
    zip.add("d/f", "content");
    expect_same_as_at_once(zip.text());
    EXPECT_EQ(bytes_of("d/f"), "content");
    fs::current_path(before_);
    ::umount(target_.c_str());
}

TEST_F(ReceivedArchive, GoesIntoDirectoriesThatAreThereAndReplacesTheirFiles) {
    TestZip zip;
    for (int i = 0; i < 300; ++i)
        zip.add("d" + std::to_string(i % 7) + "/e/f" + std::to_string(i), std::to_string(i));
    zip.add("way/f", "through a link");
    fs::create_directories("d1/e");
    std::ofstream("d1/e/f1") << "old";
    std::ofstream("d1/e/own") << "kept";
    std::ofstream("d2") << "a file in the place of a directory";
    fs::create_directory("real");
    fs::create_directory_symlink("real", "way");
    receive(zip.text());
    EXPECT_EQ(staged().size(), 301U);
    EXPECT_EQ(extract(), 1) << "as without staging";
    fs::remove("d2");
    receive(zip.text());
    ASSERT_EQ(extract(), 0);
    for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(i);
        EXPECT_EQ(bytes_of("d" + std::to_string(i % 7) + "/e/f" + number), number);
    }
    EXPECT_EQ(bytes_of("d1/e/own"), "kept");
    EXPECT_EQ(bytes_of("real/f"), "through a link");
    EXPECT_TRUE(fs::is_symlink("way"));
    EXPECT_TRUE(fs::is_empty(tmp_));
}

TEST_F(ReceivedArchive, GivesDirectoriesThatItDoesNotListTheModeOfTheJobsUmask) {
    TestZip zip;
    zip.add("made/below/f", "x");
    const mode_t before = ::umask(077);
    receive(zip.text());
    ::umask(002);
    EXPECT_EQ(extract(), 0);
    const auto at_once = unpacked_at_once(zip.text());
    ::umask(before);
    EXPECT_EQ(tree_of(target_), at_once);
}

}  // namespace
}  // namespace executors::helper
