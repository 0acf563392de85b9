#pragma once

#include <string>
#include <string_view>

namespace executors::helper {

/// zstd's level for a level of zlib (compression_level()), as the official runner's archives have
/// it: 1, 1, 3, 7 and 11 for fastest, fast, default, slow and slowest.
int zstd_level(int zlib_level);

/// `bytes` as one frame of zstd. Any thread. Throws Failure.
std::string zstd_frame(std::string_view bytes, int level);

}  // namespace executors::helper
