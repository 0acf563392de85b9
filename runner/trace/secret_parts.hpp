#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace runner::trace {

/// A shorter line is not masked alone: it would hide too much that is no secret.
inline constexpr std::size_t kMinLineBytes = 8;

/// The parts of a value of several lines that are masked alone, because tools print such values
/// line by line: the lines between "-----BEGIN …-----" and "-----END …-----" (PEM), and words that
/// look like keys: at least 20 characters of base64 or base64url with upper case, lower case and
/// digits, or at least 32 hex digits. Other lines, such as "kind: Config", are no secrets.
std::set<std::string> secret_parts_of(std::string_view value);

}  // namespace runner::trace
