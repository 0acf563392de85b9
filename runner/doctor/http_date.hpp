#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace runner::doctor {

/// The time of a Date header (RFC 9110 §5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT"), in seconds since
/// 1970; nullopt for another form. Pure.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace runner::doctor
