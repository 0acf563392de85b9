#pragma once

#include <string>
#include <string_view>

/// How a value that must not be stored is recognised later. Pure, but for the random salt.
namespace runner::secrets {

/// Salted and slow to compute (PBKDF2, RFC 8018), so that who reads it cannot guess the value
/// quickly. Takes some milliseconds.
std::string make_digest(std::string_view value);
bool matches_digest(std::string_view value, const std::string& digest);

}  // namespace runner::secrets
