#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace base {

/// A range of bytes of an open file. It does not own the descriptor: whoever owns it keeps it open,
/// and the bytes unchanged, until the range has been read.
struct FilePart {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// Reads the first bytes of `part` into `target`, as many as fit, removes them from `part`, and
/// answers them. kInternal when the file ends before the part does. Blocks while the disk is read.
Result<std::string_view> read_front(FilePart& part, std::span<char> target);
/// The error of read_front(); `code` is that of errno, or 0 for a file that is shorter than the
/// part.
Error unreadable(const FilePart& part, int code);

}  // namespace base
