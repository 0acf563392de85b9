#include "executors/helper/protocol.hpp"

#include <gtest/gtest.h>

namespace executors::helper {
namespace {

TEST(Protocol, WritesAHeaderInSixteenLittleEndianBytes) {
    const RecordHeader header{0x04030201, RecordType::kExited, base::OutputStream::kStderr, 0x0605,
                              0x0e0d0c0b0a090807};
    const auto bytes = encode_header(header);
    const std::array<char, kHeaderBytes> expected{1, 2, 3, 4,  3,  2,  5,  6,
                                                  7, 8, 9, 10, 11, 12, 13, 14};
    EXPECT_EQ(bytes, expected);
    EXPECT_EQ(decode_header(bytes.data()), header);
}

TEST(Protocol, KeepsLargeNumbers) {
    const RecordHeader header{0xffff'ffff, RecordType::kOutput, base::OutputStream::kStdout, 0xffff,
                              UINT64_MAX};
    EXPECT_EQ(decode_header(encode_header(header).data()), header);
}

TEST(Protocol, RefusesInvalidHeaders) {
    RecordHeader header{10, RecordType::kOutput, base::OutputStream::kStdout, 1, 1};
    EXPECT_TRUE(is_valid(header));
    header.stream = base::OutputStream::kNone;
    EXPECT_FALSE(is_valid(header));
    header = {kMaxOutputBytes + 1, RecordType::kOutput, base::OutputStream::kStdout, 1, 1};
    EXPECT_FALSE(is_valid(header));
    header = {kMaxRecordBytes + 1, RecordType::kNotice, base::OutputStream::kNone, 0, 1};
    EXPECT_FALSE(is_valid(header));
    header = {1, static_cast<RecordType>(9), base::OutputStream::kNone, 0, 1};
    EXPECT_FALSE(is_valid(header));
}

TEST(Protocol, MarksDataFrames) {
    const auto data = encode_frame_prefix(5, true);
    EXPECT_EQ(decode_frame_prefix(data.data()).length, 5U);
    EXPECT_TRUE(decode_frame_prefix(data.data()).data);
    const std::string frame = make_frame("{}");
    ASSERT_EQ(frame.size(), 6U);
    EXPECT_EQ(decode_frame_prefix(frame.data()).length, 2U);
    EXPECT_FALSE(decode_frame_prefix(frame.data()).data);
    EXPECT_EQ(frame.substr(4), "{}");
}

}  // namespace
}  // namespace executors::helper
