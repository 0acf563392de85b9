#include "base/file_part.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

class FilePartTest : public testing::Test {
  protected:
    FilePartTest() {
        EXPECT_TRUE(base::write_file_atomic(dir_.path() / "file", "0123456789", 0600));
        fd_ = base::UniqueFd(::open((dir_.path() / "file").c_str(), O_RDONLY | O_CLOEXEC));
    }

    tests::TempDir dir_;
    base::UniqueFd fd_;
    std::array<char, 4> buffer_{};
};

TEST_F(FilePartTest, IsReadPieceByPiece) {
    base::FilePart part{fd_.get(), 2, 6};
    EXPECT_EQ(base::read_front(part, buffer_).value(), "2345");
    EXPECT_EQ(part.bytes, 2U);
    EXPECT_EQ(base::read_front(part, buffer_).value(), "67");
    EXPECT_EQ(base::read_front(part, buffer_).value(), "");
}

TEST_F(FilePartTest, AFileThatEndsEarlyIsAnErrorWithTheOffset) {
    base::FilePart part{fd_.get(), 8, 6};
    const auto piece = base::read_front(part, buffer_);
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().kind, base::ErrorKind::kInternal);
    EXPECT_NE(piece.error().message.find("offset 10: the file is shorter"), std::string::npos)
        << piece.error().message;
}

TEST_F(FilePartTest, ABadDescriptorIsAnError) {
    base::FilePart part{-1, 0, 3};
    EXPECT_FALSE(base::read_front(part, buffer_));
}

}  // namespace
