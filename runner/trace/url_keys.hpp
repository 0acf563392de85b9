#pragma once

#include <cstdint>
#include <string>

#include "runner/trace/prefilter.hpp"

namespace runner::trace {

/// Recognises `?private_token=` and its like, in any case, byte by byte. Nothing of a key occurs
/// inside of one, so there is at most one that can be under way.
class UrlKeys {
  public:
    /// Key number in the high byte plus one, matched characters in the low one; several keys may
    /// share a beginning, the first of them stands for all.
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
