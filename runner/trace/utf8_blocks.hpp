#pragma once

#include <cstddef>
#include <string_view>

namespace runner::trace {

/// The length of a beginning of `bytes` that is valid UTF-8 and ends between two characters. It may
/// be shorter than the longest such beginning, by up to one block, and is 0 on machines without
/// AVX2. Much faster than checking each character when the text is not ASCII.
std::size_t valid_utf8_blocks(std::string_view bytes);

}  // namespace runner::trace
