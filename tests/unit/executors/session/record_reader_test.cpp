#include "executors/session/record_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace executors::session {
namespace {

std::string record(helper::RecordType type, std::uint16_t stage, const std::string& text) {
    helper::RecordHeader header;
    header.length = static_cast<std::uint32_t>(text.size());
    header.type = type;
    header.stream = type == helper::RecordType::kOutput ? base::OutputStream::kStdout
                                                        : base::OutputStream::kNone;
    header.stage = stage;
    header.time_us = 1;
    const auto bytes = helper::encode_header(header);
    return std::string(bytes.data(), bytes.size()) + text;
}

/// Reads `bytes` in pieces of at most `step`, and returns the texts of the records.
std::vector<std::string> read_all(RecordReader& reader, std::string_view bytes, std::size_t step) {
    std::vector<std::string> texts;
    while (!bytes.empty()) {
        const auto target = reader.writable();
        const std::size_t count = std::min({step, target.size(), bytes.size()});
        EXPECT_GT(count, 0U);
        std::memcpy(target.data(), bytes.data(), count);
        bytes.remove_prefix(count);
        reader.filled(count);
        RecordReader::Record found;
        while (true) {
            const auto more = reader.next(found);
            EXPECT_TRUE(more.has_value());
            if (!more || !*more) break;
            texts.emplace_back(found.text);
        }
    }
    return texts;
}

TEST(RecordReader, FindsTheSameRecordsForAllSizesOfReads) {
    std::vector<std::string> expected;
    std::string bytes;
    for (std::size_t i = 0; i < 300; ++i) {
        expected.push_back(
            std::string((i * 997) % helper::kMaxOutputBytes, static_cast<char>('a' + i % 26)));
        bytes += record(helper::RecordType::kOutput, 1, expected.back());
    }
    for (const std::size_t step : {std::size_t{7}, std::size_t{4096}, std::size_t{1 << 20}}) {
        RecordReader reader;
        EXPECT_EQ(read_all(reader, bytes, step), expected) << step;
        EXPECT_EQ(reader.consumed(), bytes.size());
    }
}

TEST(RecordReader, TakesRecordsThatAreLargerThanItsBuffer) {
    const std::string large(helper::kMaxRecordBytes, 'n');
    RecordReader reader;
    const auto texts = read_all(
        reader,
        record(helper::RecordType::kNotice, 0, large) + record(helper::RecordType::kOutput, 1, "x"),
        1 << 20);
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(texts[0], large);
}

TEST(RecordReader, ShrinksItsBufferWhenTheJobPrintsLittle) {
    RecordReader reader;
    EXPECT_EQ(reader.capacity(), RecordReader::kQuietBytes);
    std::string bytes;
    for (int i = 0; i < 100; ++i)
        bytes += record(helper::RecordType::kOutput, 1, std::string(60'000, 'x'));
    read_all(reader, bytes, 1 << 20);
    EXPECT_GE(reader.capacity(), RecordReader::kBusyBytes);
    for (int i = 0; i < 100; ++i)
        read_all(reader, record(helper::RecordType::kOutput, 1, "x"), 100);
    EXPECT_EQ(reader.capacity(), RecordReader::kQuietBytes);
}

TEST(RecordReader, RefusesBytesThatAreNoRecord) {
    RecordReader reader;
    const std::string noise(64, 'z');
    const auto target = reader.writable();
    std::memcpy(target.data(), noise.data(), noise.size());
    reader.filled(noise.size());
    RecordReader::Record found;
    const auto more = reader.next(found);
    ASSERT_FALSE(more.has_value());
    EXPECT_TRUE(more.error().is(base::ErrorKind::kProtocol));
}

TEST(RecordReader, DropsARecordThatIsNotWholeWhenItIsReset) {
    RecordReader reader;
    const std::string bytes = record(helper::RecordType::kOutput, 1, "hello");
    EXPECT_TRUE(read_all(reader, std::string_view(bytes).substr(0, 18), 100).empty());
    reader.reset();
    EXPECT_EQ(read_all(reader, bytes, 100), std::vector<std::string>{"hello"});
}

}  // namespace
}  // namespace executors::session
