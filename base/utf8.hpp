#pragma once

#include <string>
#include <string_view>

namespace base {

/// The longest beginning of `text` that has at most `most` bytes and ends with a whole character of
/// UTF-8.
inline std::string cut_utf8(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    // The bytes of a character behind its first one are 10xxxxxx.
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    return std::string(text.substr(0, most));
}

}  // namespace base
