#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

/// Parses Go's notation: "300ms", "-1.5h", "1h20m", "0". Units ns, us, µs, ms, s, m, h.
Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

/// Go's notation, as in "execution took longer than 1h0m0s seconds": "0s", "4s", "1m30s", "1.5s".
std::string format_go_duration(std::chrono::nanoseconds duration);

}  // namespace base
