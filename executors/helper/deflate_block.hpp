#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace executors::helper {

/// A part of a file that is compressed by itself. The results of a file's blocks, one behind the
/// other, are one deflate stream.
struct Block {
    static constexpr std::size_t kBytes = 256 * 1024;
    static constexpr std::size_t kWindow = 32 * 1024;

    std::string bytes;
    std::string before;  ///< the end of the block before, at most kWindow bytes
    bool last = false;   ///< of its file
    bool store = false;  ///< the result is `bytes`
};

struct PackedBlock {
    std::string bytes;
    std::uint32_t crc = 0;      ///< of the input
    std::size_t raw_bytes = 0;  ///< of the input
    bool last = false;
};

/// Raw deflate with zlib's `level`. Any thread. Throws Failure.
PackedBlock pack_block(Block block, int level);

}  // namespace executors::helper
