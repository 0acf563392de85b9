#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/protocol.hpp"
#include "tests/support/temp_dir.hpp"

/// A job's directory and what its event log says.
namespace executors::helper::tests_support {

struct LogRecord {
    RecordHeader header;
    std::string text;

    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(text); }
};

/// The whole records in a piece of a log.
inline std::vector<LogRecord> parse_records(std::string_view bytes) {
    std::vector<LogRecord> records;
    while (bytes.size() >= kHeaderBytes) {
        LogRecord record;
        record.header = decode_header(bytes.data());
        EXPECT_TRUE(is_valid(record.header));
        if (bytes.size() < kHeaderBytes + record.header.length) break;
        record.text = bytes.substr(kHeaderBytes, record.header.length);
        bytes.remove_prefix(kHeaderBytes + record.header.length);
        records.push_back(std::move(record));
    }
    return records;
}

/// What a stage printed to a stream.
inline std::string output_of(const std::vector<LogRecord>& records, std::uint16_t stage,
                             base::OutputStream stream = base::OutputStream::kStdout) {
    std::string text;
    for (const auto& record : records) {
        if (record.header.type == RecordType::kOutput && record.header.stage == stage &&
            record.header.stream == stream) {
            text += record.text;
        }
    }
    return text;
}

inline std::size_t count_of(const std::vector<LogRecord>& records, RecordType type) {
    std::size_t count = 0;
    for (const auto& record : records) count += record.header.type == type ? 1 : 0;
    return count;
}

class JobDirectory {
  public:
    JobDirectory() : fd_(::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

    [[nodiscard]] std::string path() const { return directory_.path().string(); }
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::string log_path() const { return path() + "/" + std::string(kEventsName); }
    [[nodiscard]] std::string log_bytes() const {
        std::ifstream file(log_path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::vector<LogRecord> records() const { return parse_records(log_bytes()); }

  private:
    ::tests::TempDir directory_;
    UniqueFd fd_;
};

}  // namespace executors::helper::tests_support
