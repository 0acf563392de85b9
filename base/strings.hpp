#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace base {

std::string_view trim(std::string_view text);
/// `text` with `to` in the place of each `from`, which is not empty.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
std::vector<std::string> split(std::string_view text, char separator);
/// How many characters valid UTF-8 has.
std::size_t utf8_length(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// The candidate nearest to `word` by edit distance, "" when none is near: "did you mean …?".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace base
