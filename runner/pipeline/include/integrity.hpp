#pragma once

#include <string_view>

namespace runner::pipeline::include {

/// Whether the SHA-256 digest of `content` is the one in `integrity` ("sha256-<base64>").
bool matches_integrity(std::string_view content, std::string_view integrity);

}  // namespace runner::pipeline::include
