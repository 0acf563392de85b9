#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

/// Values from text. Pure; uses only the standard library.
namespace base {

/// The number that the whole of `text` is; nullopt for other characters, blanks included, and for a
/// number that does not fit into T.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    if (code != std::errc() || stop != end) return std::nullopt;
    return value;
}

/// As Go's strconv.ParseBool: 1, t, T, true, TRUE, True and their opposites.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace base
