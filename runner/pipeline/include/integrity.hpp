#pragma once

#include <string_view>

namespace runner::pipeline::include {

/// Whole groups of four, padded with `=` at the end only.
bool is_base64(std::string_view text);
/// Whether the SHA-256 of `content` is the one `integrity` ("sha256-<base64>") states.
bool matches_integrity(std::string_view content, std::string_view integrity);

}  // namespace runner::pipeline::include
