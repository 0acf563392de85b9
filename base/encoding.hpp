#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Bytes as text and back. Pure; uses only the standard library, because the static runner-helper
/// links it.
namespace base {

/// Lower-case hex digits, two for each byte.
std::string to_hex(std::string_view bytes);
/// The bytes that hex digits of either case stand for; nullopt when `digits` has another character
/// or an odd length.
std::optional<std::string> from_hex(std::string_view digits);

/// Letters, digits and "-._~": what a percent-encoded text keeps as it is (RFC 3986 §2.3).
bool is_unreserved(char c);
/// Every byte for which `keeps` is false becomes "%XX".
std::string percent_encode(std::string_view text, bool (*keeps)(char) = is_unreserved);
/// Replaces each "%XX"; a "%" without two hex digits after it stays.
std::string percent_decode(std::string_view text);

/// One word for any POSIX shell: in single quotes, with "'\''" for each single quote.
std::string shell_quote(std::string_view text);

std::string base64_encode(std::string_view bytes);
/// RFC 4648 §5, with padding: the form of Docker's X-Registry-Auth header.
std::string base64url_encode(std::string_view bytes);
/// Either alphabet. Padding and line ends are left out; nullopt for any other character.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace base
