#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The records of a zip (APPNOTE.TXT of PKWARE, and Info-ZIP's extra fields 0x5455 and 0x7875).
/// Pure.
namespace executors::helper::zip {

inline constexpr std::uint32_t kLocalHeader = 0x04034b50;
/// The size of a local header, without the name and the extra fields behind it.
inline constexpr std::size_t kLocalBytes = 30;
inline constexpr std::uint32_t kEntry = 0x02014b50;
inline constexpr std::uint32_t kEnd = 0x06054b50;
inline constexpr std::uint32_t kLargeEnd = 0x06064b50;
inline constexpr std::uint32_t kLargeEndPlace = 0x07064b50;
inline constexpr std::uint16_t kLargeSizes = 0x0001;
inline constexpr std::uint16_t kUnixTimes = 0x5455;
inline constexpr std::uint16_t kUnixOwner = 0x7875;
/// Stands in a field of 32 bits for a number that is in the extra field kLargeSizes.
inline constexpr std::uint64_t kIn64 = 0xffffffff;

enum class Method : std::uint16_t { kStored = 0, kDeflate = 8, kZstd = 93 };

/// A member that is being written.
struct Entry {
    std::string name;  ///< directories end with a slash
    struct stat status {};
    Method method = Method::kStored;
    bool utf8 = false;   ///< the name is UTF-8 and not only ASCII
    bool large = false;  ///< the sizes of the local header have 64 bits; they may become so large
    std::uint32_t crc = 0;
    std::uint64_t size = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t offset = 0;  ///< of the local header, from the start of the archive
};

/// The size of a file from which Entry::large is needed, with room for what does not compress.
inline constexpr std::uint64_t kLargeFrom = 0xf0000000;

std::string local_header(const Entry& entry);
std::string directory_entry(const Entry& entry);
/// What ends the archive: `count` entries in `size` bytes at `offset`.
std::string end_records(std::uint64_t count, std::uint64_t size, std::uint64_t offset);

}  // namespace executors::helper::zip
