#include "executors/helper/zip_records.hpp"

#include <algorithm>
#include <ctime>
#include <limits>

namespace executors::helper::zip {

namespace {

constexpr std::uint16_t kUtf8Name = 1U << 11;
constexpr std::uint64_t kUnix = 3;
constexpr std::uint64_t kVersion = 20;       // 2.0: deflate, directories
constexpr std::uint64_t kLargeVersion = 45;  // 4.5: sizes of 64 bits
constexpr std::uint64_t kZstdVersion = 63;   // 6.3: later methods

/// Little-endian numbers.
class Record {
  public:
    Record& put(std::size_t bytes, std::uint64_t value) {
        for (std::size_t i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> (8 * i) & 0xff);
        return *this;
    }
    Record& put(const std::string& text) {
        text_ += text;
        return *this;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

struct DosTime {
    unsigned date = 0x21;  // 1980-01-01
    unsigned time = 0;
};

DosTime dos_time(std::time_t seconds) {
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr || parts.tm_year < 80 || parts.tm_year > 207)
        return {};
    const auto field = [](int value) { return static_cast<unsigned>(value); };
    return {field(parts.tm_year - 80) << 9 | field(parts.tm_mon + 1) << 5 | field(parts.tm_mday),
            field(parts.tm_hour) << 11 | field(parts.tm_min) << 5 | field(parts.tm_sec / 2)};
}

std::string times_and_owner(const struct stat& status) {
    constexpr std::uint64_t kModified = 1;
    Record record;
    const auto mtime = static_cast<std::int64_t>(status.st_mtime);
    if (mtime >= std::numeric_limits<std::int32_t>::min() &&
        mtime <= std::numeric_limits<std::int32_t>::max()) {
        record.put(2, kUnixTimes).put(2, 5).put(1, kModified);
        record.put(4, static_cast<std::uint64_t>(mtime));
    }
    record.put(2, kUnixOwner).put(2, 11).put(1, 1);
    record.put(1, 4).put(4, status.st_uid).put(1, 4).put(4, status.st_gid);
    return record.text();
}

/// The fields that both headers have: from the flags to the checksum.
void put_common(Record& record, const Entry& entry) {
    const DosTime time = dos_time(entry.status.st_mtime);
    record.put(2, entry.utf8 ? kUtf8Name : 0U);
    record.put(2, static_cast<std::uint64_t>(entry.method));
    record.put(2, time.time).put(2, time.date).put(4, entry.crc);
}

std::string large_sizes(const std::vector<std::uint64_t>& numbers) {
    if (numbers.empty()) return "";
    Record record;
    record.put(2, kLargeSizes).put(2, 8 * numbers.size());
    for (const std::uint64_t number : numbers) record.put(8, number);
    return record.text();
}

/// The version of the format that a reader needs.
std::uint64_t version_of(const Entry& entry, bool large) {
    if (entry.method == Method::kZstd) return kZstdVersion;
    return large ? kLargeVersion : kVersion;
}

std::uint64_t in_32(std::uint64_t number) { return std::min(number, kIn64); }

}  // namespace

std::string local_header(const Entry& entry) {
    std::string extra = times_and_owner(entry.status);
    if (entry.large) extra += large_sizes({entry.size, entry.packed_size});
    Record record;
    record.put(4, kLocalHeader).put(2, version_of(entry, entry.large));
    put_common(record, entry);
    record.put(4, entry.large ? kIn64 : entry.packed_size);
    record.put(4, entry.large ? kIn64 : entry.size);
    record.put(2, entry.name.size()).put(2, extra.size());
    return record.put(entry.name).put(extra).text();
}

std::string directory_entry(const Entry& entry) {
    std::vector<std::uint64_t> large;
    for (const std::uint64_t number : {entry.size, entry.packed_size, entry.offset}) {
        if (number >= kIn64) large.push_back(number);
    }
    const std::string extra = times_and_owner(entry.status) + large_sizes(large);
    constexpr std::uint64_t kDosDirectory = 0x10;
    const std::uint64_t version = version_of(entry, entry.large || !large.empty());
    Record record;
    record.put(4, kEntry).put(2, kUnix << 8 | version).put(2, version);
    put_common(record, entry);
    record.put(4, in_32(entry.packed_size)).put(4, in_32(entry.size));
    record.put(2, entry.name.size()).put(2, extra.size()).put(2, 0).put(2, 0).put(2, 0);
    record.put(4, static_cast<std::uint64_t>(entry.status.st_mode) << 16 |
                      (S_ISDIR(entry.status.st_mode) ? kDosDirectory : 0));
    record.put(4, in_32(entry.offset));
    return record.put(entry.name).put(extra).text();
}

std::string end_records(std::uint64_t count, std::uint64_t size, std::uint64_t offset) {
    constexpr std::uint64_t kMostCount = 0xffff;
    Record record;
    if (count >= kMostCount || size >= kIn64 || offset >= kIn64) {
        record.put(4, kLargeEnd).put(8, 44).put(2, kUnix << 8 | kLargeVersion);
        record.put(2, kLargeVersion).put(4, 0).put(4, 0).put(8, count).put(8, count);
        record.put(8, size).put(8, offset);
        record.put(4, kLargeEndPlace).put(4, 0).put(8, offset + size).put(4, 1);
    }
    record.put(4, kEnd).put(2, 0).put(2, 0);
    record.put(2, std::min(count, kMostCount)).put(2, std::min(count, kMostCount));
    record.put(4, in_32(size)).put(4, in_32(offset)).put(2, 0);
    return record.text();
}

}  // namespace executors::helper::zip
