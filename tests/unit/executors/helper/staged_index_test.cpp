#include "executors/helper/staged_index.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace executors::helper {
namespace {

ScannedMember staged(std::uint64_t offset, const std::string& name) {
    return {name, offset, offset + 40, 10, 20, 0xfedcba98U, 8, -5};
}

/// What the directory says about a staged file.
ZipMember listed(const std::string& name = "any", std::uint64_t offset = 0,
                 unsigned mode = S_IFREG | 0644) {
    ZipMember member;
    member.name = name;
    member.offset = offset;
    member.mode = mode;
    member.packed_size = 10;
    member.size = 20;
    member.crc = 0xfedcba98U;
    member.method = 8;
    return member;
}

TEST(StagedIndexTest, IsTheSameBehindItsText) {
    const StagedIndex index({staged(500, "b c"), staged(0, "d/a")});
    const StagedIndex read = StagedIndex::parse(index.text());
    EXPECT_EQ(read.text(), index.text());
    const ScannedMember* file = read.find(listed(), 500);
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->name, "b c");
    EXPECT_EQ(file->begin, 540U);
    EXPECT_EQ(file->mtime, -5);
}

TEST(StagedIndexTest, GivesAFileOnlyWhereTheDirectoryNamesTheSameBytes) {
    const StagedIndex index({staged(100, "a"), staged(200, "b")});
    EXPECT_NE(index.find(listed(), 100), nullptr);
    for (const std::uint64_t offset : {0U, 99U, 101U, 201U})
        EXPECT_EQ(index.find(listed(), offset), nullptr) << offset;
    ZipMember other = listed();
    other.size = 21;
    EXPECT_EQ(index.find(other, 100), nullptr);
    other = listed();
    other.packed_size = 11;
    EXPECT_EQ(index.find(other, 100), nullptr);
    other = listed();
    other.crc = 1;
    EXPECT_EQ(index.find(other, 100), nullptr);
    other = listed();
    other.method = 0;
    EXPECT_EQ(index.find(other, 100), nullptr);
    other = listed();
    other.encrypted = true;
    EXPECT_EQ(index.find(other, 100), nullptr);
}

TEST(StagedIndexTest, LeavesOutLinesThatAreNotItsOwn) {
    const std::string good = StagedIndex({staged(100, "a")}).text();
    const std::string numbers = good.substr(0, good.rfind(' ') + 1);
    for (const std::string name : {"", "../a", "/etc", "a/../b", "a//b", "./a", "a/", "..", "."})
        EXPECT_TRUE(StagedIndex::parse(numbers + name + "\n").files().empty()) << name;
    for (const std::string line : {"", "\n\n", "1 2 3", "x", "-1 2 3 4 5 6 7 a",
                                   "1 2 3 4 99999999999 6 7 a", "1 2 3 4 5 6 7a"})
        EXPECT_TRUE(StagedIndex::parse(line).files().empty()) << line;
    EXPECT_EQ(StagedIndex::parse("junk\n" + good + "more").files().size(), 1U);
}

TEST(StagedIndexTest, IsMovedAsATreeWhereThatGivesWhatTheMembersGive) {
    const StagedIndex index({staged(0, "d/a"), staged(100, "d/link")});
    const ZipMember directory = listed("d/", 900, S_IFDIR | 0755);
    const ZipMember file = listed("d/a", 0);
    const ZipMember link = listed("d/link", 100, S_IFLNK | 0777);
    const ZipMember unstaged = listed("d/more", 300);
    EXPECT_TRUE(may_move_as_tree({directory, file, link, unstaged}, index, 0));
    EXPECT_TRUE(may_move_as_tree({link, file}, index, 0)) << "in any order";
    EXPECT_FALSE(may_move_as_tree({file}, index, 0)) << "a staged file that is no member";
    EXPECT_FALSE(may_move_as_tree({file, link}, index, 10)) << "at another place";
    EXPECT_FALSE(may_move_as_tree({file, link, listed("d/a", 300)}, index, 0)) << "a name twice";
    EXPECT_FALSE(may_move_as_tree({file, link, listed("d/a/", 300, S_IFDIR | 0755)}, index, 0));
    EXPECT_FALSE(may_move_as_tree({listed("d/b", 0), link}, index, 0)) << "another name";
    EXPECT_FALSE(may_move_as_tree({file, link, listed("d/link/x", 300)}, index, 0));
    EXPECT_FALSE(may_move_as_tree({file, link, listed("d", 300, S_IFLNK | 0777)}, index, 0));
    for (const std::string name : {"../x", "/x", "./d/a", "d//a", "x/../d/a", ""})
        EXPECT_FALSE(may_move_as_tree({file, link, listed(name, 300)}, index, 0)) << name;
    ZipMember contradicted = file;
    contradicted.crc = 1;
    EXPECT_FALSE(may_move_as_tree({contradicted, link}, index, 0));
}

}  // namespace
}  // namespace executors::helper
