#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace base {

/// The token that a file holds, alone in its one line. kInvalidInput for an empty file and for one
/// with more than that, which no HTTP header could carry; the message names the file, and nothing
/// of its content.
Result<Secret> read_token_file(const std::filesystem::path& path);

}  // namespace base
