#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "executors/helper/zip_records.hpp"

namespace executors::helper {

/// A part of a file that is compressed by itself, or a whole file. The results of a file's blocks,
/// one behind the other, are one stream: with zstd, each is a frame of its own (RFC 8878, section
/// 3).
struct Block {
    static constexpr std::size_t kBytes = 256 * 1024;
    /// A file of at most so many bytes is one block: libdeflate, which is more than twice as fast
    /// as zlib, compresses only what it has as a whole.
    static constexpr std::size_t kMostWholeBytes = 2 * 1024 * 1024;
    static constexpr std::size_t kWindow = 32 * 1024;

    std::string bytes;
    std::string before;  ///< deflate: the end of the block before, at most kWindow bytes
    bool last = false;   ///< of its file
    bool whole = false;  ///< deflate: it is a whole file
    zip::Method method = zip::Method::kDeflate;
};

struct PackedBlock {
    std::string bytes;
    std::uint32_t crc = 0;      ///< of the input
    std::size_t raw_bytes = 0;  ///< of the input
    bool last = false;
};

/// zlib's level of a job that asks for none.
inline constexpr int kDefaultLevel = 2;

/// `level`: compression_level() of archive_writer.hpp, whatever the method is. Any thread. Throws
/// Failure.
PackedBlock pack_block(Block block, int level);

/// How many bytes the fastest compression makes of `bytes`. Any thread.
std::size_t quick_packed_size(std::string_view bytes);

}  // namespace executors::helper
