#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runner::secrets {

/// A shorter string is not masked alone: it would hide too much that is no secret.
inline constexpr std::size_t kMinStringBytes = 8;
inline constexpr std::size_t kMostStrings = 1000;
/// Objects and arrays that are in each other.
inline constexpr int kMostLevels = 3;

/// The strings in a value that is a JSON document, each without blanks at its ends. They are masked
/// alone, because scripts take such a value apart (`jq -r .password`). Names of members are none of
/// them. At most kMostStrings of at least kMinStringBytes, from kMostLevels levels; the outer
/// levels come first. Empty for what is no JSON. Pure.
std::vector<std::string> strings_in_json(std::string_view value);

}  // namespace runner::secrets
