#pragma once

#include <cstdint>
#include <string>

#include "runner/trace/prefilter.hpp"

namespace runner::trace {

/// Recognises `?private_token=` and similar URL parameters, in any case, byte by byte. No key
/// begins inside another one, so at most one key can be partly matched.
class UrlKeys {
  public:
    /// The index of the key plus one in the high byte, the number of matched characters in the low
    /// byte. Of several keys with the same beginning the first one is used.
    using State = std::uint16_t;
    static constexpr State kIdle = 0;
    static constexpr State kComplete = 0xffff;  ///< the "=" was seen: the value follows

    static State next(State state, unsigned char byte);
    static std::string path(State state);
    /// Whether `byte` ends a parameter's value.
    static bool ends_value(unsigned char byte) {
        return byte <= ' ' || byte == '?' || byte == '&' || byte == 0x7f;
    }
    static void add_heads(Prefilter& prefilter);
};

}  // namespace runner::trace
