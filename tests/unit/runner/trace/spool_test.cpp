#include "runner/trace/spool.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::trace {
namespace {

using Source = Spool::Source;

class SpoolTest : public ::testing::Test {
  protected:
    std::unique_ptr<Spool> make(std::uint64_t limit = 1 << 20) {
        return std::move(Spool::create(path_, limit)).value();
    }
    std::string file() { return base::read_file(path_).value(); }

    tests::TempDir dir_;
    std::filesystem::path path_ = dir_.path() / "spool";
};

TEST_F(SpoolTest, CountsWhatIsInTheFile) {
    auto spool = make();
    spool->append("123456789", Source::kScript);
    EXPECT_EQ(spool->size(), 0U);
    ASSERT_TRUE(spool->flush());
    EXPECT_EQ(spool->size(), 9U);
    EXPECT_EQ(format_checksum(spool->crc32()), "crc32:cbf43926");
    std::array<char, 100> bytes{};
    const auto read = [&](std::uint64_t offset, std::size_t limit) {
        auto part = spool->part(offset, limit);
        return std::string(base::read_front(part, bytes).value());
    };
    EXPECT_EQ(read(3, 4), "4567");
    EXPECT_EQ(read(7, 100), "89");
    EXPECT_EQ(read(9, 100), "");
    struct stat facts {};
    ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(SpoolTest, TakesMoreThanItsBuffer) {
    auto spool = make(64 << 20);
    const std::string piece(300'000, 'x');
    for (int i = 0; i < 3; ++i) spool->append(piece, Source::kScript);
    ASSERT_TRUE(spool->flush());
    EXPECT_EQ(file(), piece + piece + piece);
}

TEST_F(SpoolTest, CutsToACheckpoint) {
    {
        auto spool = make();
        spool->append("kept and lost", Source::kScript);
        ASSERT_TRUE(spool->flush());
    }
    auto spool = Spool::open(path_, 1 << 20, {.size = 4, .limit_reached_at = std::nullopt}).value();
    spool->append("56789", Source::kScript);
    ASSERT_TRUE(spool->flush());
    EXPECT_EQ(file(), "kept56789");
    auto again = Spool::open(path_, 1 << 20, {.size = 9, .limit_reached_at = std::nullopt}).value();
    EXPECT_EQ(again->crc32(), spool->crc32());
}

TEST_F(SpoolTest, ReportsAMissingOrShortFile) {
    EXPECT_TRUE(Spool::open(path_, 10, {}).error().is(base::ErrorKind::kNotFound));
    make();
    auto shorter = Spool::open(path_, 10, {.size = 4, .limit_reached_at = std::nullopt});
    ASSERT_FALSE(shorter);
    EXPECT_NE(shorter.error().message.find("has 0 bytes where at least 4"), std::string::npos);
    EXPECT_FALSE(Spool::create(dir_.path() / "no" / "spool", 10));
}

TEST_F(SpoolTest, StopsAtTheLimitBetweenCharacters) {
    auto spool = make(10);
    spool->append("12345678", Source::kScript);
    spool->append("\xe4\xbd\xa0\xe5\xa5\xbd", Source::kScript);
    spool->append("dropped", Source::kScript);
    spool->append("Job succeeded\n", Source::kRunner);
    ASSERT_TRUE(spool->flush());
    EXPECT_EQ(file(),
              "12345678\n\x1b[33;1mJob's log exceeded limit of 10 bytes.\nJob execution will "
              "continue but no "
              "more output will be collected.\x1b[0;m\nJob succeeded\n");
    EXPECT_TRUE(spool->limit_reached());
    EXPECT_EQ(spool->size(), file().size());
}

TEST_F(SpoolTest, KeepsTheRunnersLineThatReachesTheLimit) {
    auto spool = make(10);
    spool->append("1234567", Source::kScript);
    spool->append("ERROR: x\n", Source::kRunner);
    ASSERT_TRUE(spool->flush());
    EXPECT_TRUE(file().starts_with("1234567\n\x1b[33;1mJob's log exceeded"));
    EXPECT_TRUE(file().ends_with("\x1b[0;m\nERROR: x\n"));
}

TEST_F(SpoolTest, EndsTheRunnersReserveToo) {
    auto spool = make(10);
    for (int i = 0; i < 200; ++i) spool->append(std::string(1000, 'x'), Source::kRunner);
    ASSERT_TRUE(spool->flush());
    EXPECT_GT(spool->size(), 60'000U);
    EXPECT_LT(spool->size(), 10 + Spool::kReserveBytes + 200);
}

TEST_F(SpoolTest, ReportsAFullDisk) {
    auto spool = std::move(Spool::create("/dev/full", 1 << 20)).value();
    spool->append("x", Source::kScript);
    auto flushed = spool->flush();
    ASSERT_FALSE(flushed);
    EXPECT_NE(flushed.error().message.find("/dev/full"), std::string::npos);
    EXPECT_FALSE(spool->flush());
    EXPECT_EQ(spool->size(), 0U);
    EXPECT_EQ(spool->held_back(), 1U);
}

}  // namespace
}  // namespace runner::trace
