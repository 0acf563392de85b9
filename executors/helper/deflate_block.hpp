#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "executors/helper/zip_records.hpp"

namespace executors::helper {

/// A part of a file that is compressed by itself. The results of a file's blocks, one behind the
/// other, are one stream: with zstd, each is a frame of its own (RFC 8878, section 3).
struct Block {
    static constexpr std::size_t kBytes = 256 * 1024;
    static constexpr std::size_t kWindow = 32 * 1024;

    std::string bytes;
    std::string before;  ///< deflate: the end of the block before, at most kWindow bytes
    bool last = false;   ///< of its file
    zip::Method method = zip::Method::kDeflate;
};

struct PackedBlock {
    std::string bytes;
    std::uint32_t crc = 0;      ///< of the input
    std::size_t raw_bytes = 0;  ///< of the input
    bool last = false;
};

/// `level`: of zlib, whatever the method is (zstd_level()). Any thread. Throws Failure.
PackedBlock pack_block(Block block, int level);

}  // namespace executors::helper
