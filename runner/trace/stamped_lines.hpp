#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace runner::trace {

/// What stands before each line of a log with timestamps (LineFraming says its form).
constexpr std::size_t kLineHeaderBytes = 32;
using LineHeader = std::array<char, kLineHeaderBytes>;

struct LineRoom {
    char* target;
    std::size_t bytes;  ///< for whole lines, header and end included; all may be written to
    std::size_t max_line_bytes;  ///< of one line without header and end; a longer one ends the copy
};

struct CopiedLines {
    std::size_t read = 0;     ///< bytes of the text, up to the end of a line
    std::size_t written = 0;  ///< bytes of the target
};

/// Copies the whole lines in front of `text`, each behind a header: the first behind `first`, all
/// others behind `rest`. Stops at a line that has no end, is too long or finds no room. Pure.
CopiedLines copy_stamped_lines(std::string_view text, const LineRoom& room, const LineHeader& first,
                               const LineHeader& rest);

}  // namespace runner::trace
