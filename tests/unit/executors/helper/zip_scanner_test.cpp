#include "executors/helper/zip_scanner.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/executors/helper/zip_fixture.hpp"

namespace executors::helper {
namespace {

constexpr std::size_t kFlags = 6;
constexpr std::size_t kPackedSize = 18;

/// What the scanner finds, as "offset:content", when the bytes come in pieces of `step`.
std::string scan(const std::string& bytes, std::size_t step) {
    ZipScanner scanner;
    std::string found;
    std::size_t come = 0;
    for (std::string_view rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(step, rest.size()))) {
        const std::string_view piece = rest.substr(0, step);
        come += piece.size();
        scanner.take(piece, [&](const ScannedMember& member) {
            EXPECT_LE(member.begin + member.packed_size, come) << "not all of it is there";
            found += std::to_string(member.offset) + ":" +
                     bytes.substr(member.begin, member.packed_size) + " ";
        });
    }
    return found;
}

std::string scan(const std::string& bytes) {
    const std::string whole = scan(bytes, bytes.size());
    EXPECT_EQ(scan(bytes, 1), whole);
    EXPECT_EQ(scan(bytes, 7), whole);
    return whole;
}

/// Two members, of which the second begins at second().
class ZipScannerTest : public testing::Test {
  protected:
    ZipScannerTest() {
        zip_.add("a", "one");
        second_ = zip_.members().size();
        zip_.add("b", "two");
    }
    std::string with_second(std::size_t at, const std::string& bytes) {
        std::string text = zip_.text();
        text.replace(second_ + at, bytes.size(), bytes);
        return text;
    }
    [[nodiscard]] std::string both() const { return "0:one " + std::to_string(second_) + ":two "; }

    TestZip zip_;
    std::size_t second_ = 0;
};

TEST_F(ZipScannerTest, FindsFilesAsSoonAsTheirBytesAreThere) {
    EXPECT_EQ(scan(zip_.text()), both());
}

TEST_F(ZipScannerTest, ReadsWhatTheLocalHeaderSays) {
    ZipScanner scanner;
    std::vector<ScannedMember> found;
    scanner.take(zip_.text(), [&](const ScannedMember& member) { found.push_back(member); });
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].size, 3U);
    EXPECT_EQ(found[0].crc, TestZip::entry("a", "one").crc);
    EXPECT_EQ(found[0].method, 0U);
    EXPECT_EQ(found[0].mtime, 1'700'000'000);
    EXPECT_TRUE(scanner.is_over());
}

TEST_F(ZipScannerTest, LeavesDirectoriesOutAndFindsWhatIsBehindThem) {
    TestZip zip;
    zip.add("d/", "");
    const std::size_t second = zip.members().size();
    zip.add("d/f", "x");
    zip.add("d/empty", "");
    EXPECT_TRUE(scan(zip.text()).starts_with(std::to_string(second) + ":x "));
    EXPECT_TRUE(scan(zip.text()).ends_with(": "));
}

TEST_F(ZipScannerTest, EndsAtAHeaderThatDoesNotSayWhereTheMemberEnds) {
    const std::vector<std::string> changed{
        with_second(kFlags, std::string("\x08\x00", 2)),   // data descriptor
        with_second(kFlags, std::string("\x01\x00", 2)),   // encrypted
        with_second(kFlags, std::string("\x40\x00", 2)),   // strong encryption
        with_second(kPackedSize, "\xff\xff\xff\xff"),      // 64 bits
        with_second(kPackedSize + 4, "\xff\xff\xff\xff"),  // 64 bits
        with_second(0, "PK\x01\x02"),                      // the directory
        with_second(0, "junk"),
    };
    for (const std::string& text : changed) EXPECT_EQ(scan(text), "0:one ");
}

TEST_F(ZipScannerTest, FindsNothingBehindBytesInFrontOfTheArchive) {
    EXPECT_EQ(scan("#!/bin/sh\n" + zip_.text()), "");
}

TEST_F(ZipScannerTest, FindsNoMemberThatIsCut) {
    const std::string text = zip_.members();
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_EQ(scan(text.substr(0, size)), size < second_ ? "" : "0:one ");
    EXPECT_EQ(scan(text), both());
}

TEST_F(ZipScannerTest, WaitsForBytesThatNeverComeWhenASizeLies) {
    EXPECT_EQ(scan(with_second(kPackedSize, std::string("\xf0\xff\xff\x7f", 4))), "0:one ");
    // Too short: what follows is no header.
    EXPECT_EQ(scan(with_second(kPackedSize, std::string("\x02\x00\x00\x00", 4))),
              "0:one " + std::to_string(second_) + ":tw ");
}

TEST_F(ZipScannerTest, TakesTheTimeOfMsDosWhereTheExtraFieldsAreDamaged) {
    constexpr std::size_t kFirstExtra = 31;
    std::string text = zip_.text();
    text.replace(second_ + kFirstExtra + 2, 2, "\xff\xff");  // a field longer than all of them
    EXPECT_EQ(scan(text), both());
    ZipScanner scanner;
    std::int64_t mtime = 0;
    scanner.take(text, [&](const ScannedMember& member) { mtime = member.mtime; });
    EXPECT_NEAR(static_cast<double>(mtime), 1'700'000'000, 2);
}

}  // namespace
}  // namespace executors::helper
