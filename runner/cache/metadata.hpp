#pragma once

#include <string>
#include <string_view>

#include "base/encoding.hpp"

namespace runner::cache {

/// `text` as the value of a header with metadata: what a header cannot hold is percent-encoded.
inline std::string metadata_value(std::string_view text) {
    return base::percent_encode(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '%'; });
}

}  // namespace runner::cache
