#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace runner::trace {

/// The header of each line in a log with timestamps; LineFraming describes its format.
constexpr std::size_t kLineHeaderBytes = 32;
using LineHeader = std::array<char, kLineHeaderBytes>;

struct LineRoom {
    char* target;
    std::size_t bytes;  ///< for lines with header and end; all of them may be overwritten
    /// Of one line without header and end. A longer line ends the copy.
    std::size_t max_line_bytes;
};

struct CopiedLines {
    std::size_t read = 0;     ///< bytes of the text, whole lines
    std::size_t written = 0;  ///< bytes in the target
};

/// Copies whole lines from the beginning of `text` and puts a header before each: `first` before
/// the first line, `rest` before the others. Stops at a line that has no end, is too long, or does
/// not fit. Pure.
CopiedLines copy_stamped_lines(std::string_view text, const LineRoom& room, const LineHeader& first,
                               const LineHeader& rest);

}  // namespace runner::trace
