#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace base {

/// Bytes of an open file, lent: the descriptor's owner keeps it open, and the bytes as they are,
/// until they were used.
struct FilePart {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// Fills `target` from the part's front, takes that off the part, and answers what it read: as much
/// as fits. kInternal when the file ends before the part does. Blocks as a disk does.
Result<std::string_view> read_front(FilePart& part, std::span<char> target);
/// What read_front() answers; `code` is errno's, or 0 for a file that is shorter than the part.
Error unreadable(const FilePart& part, int code);

}  // namespace base
