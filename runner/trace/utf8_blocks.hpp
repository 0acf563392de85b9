#pragma once

#include <cstddef>
#include <string_view>

namespace runner::trace {

/// How many bytes from the front are valid UTF-8 for sure, ending at a character's edge; less than
/// all of what is valid, by up to a block. 0 on machines without the instructions for it. Far
/// faster than looking at each character when the text is not ASCII.
std::size_t valid_utf8_blocks(std::string_view bytes);

}  // namespace runner::trace
