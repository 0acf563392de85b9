#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace executors::helper {

/// Packed bytes in a file.
struct PackedPart {
    int file;
    std::uint64_t offset;
    std::uint64_t size;
    std::uint64_t plain_size;  ///< of the unpacked bytes, as the archive says
};

/// Unpacks them with a method of zip: 0 (stored), 8 (deflate), 93 (zstd). `name` is for messages.
/// Any thread. Throws Failure, also what `sink` throws.
void unpack_stream(const PackedPart& part, unsigned method, const std::string& name,
                   const std::function<void(std::string_view)>& sink);

}  // namespace executors::helper
