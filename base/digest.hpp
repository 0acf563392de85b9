#pragma once

#include <string>
#include <string_view>

namespace base {

/// Digests of `bytes`, as lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
std::string sha1_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);

}  // namespace base
