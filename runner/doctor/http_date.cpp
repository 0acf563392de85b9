#include "runner/doctor/http_date.hpp"

#include <fmt/format.h>

#include <string>

#include "base/clock.hpp"

namespace runner::doctor {

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    constexpr std::size_t kLength = 29;
    if (text.size() != kLength || !text.ends_with(" GMT") || text.substr(3, 2) != ", ")
        return std::nullopt;
    const auto month = kMonths.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    return base::parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1,
                                           text.substr(5, 2), text.substr(17, 8)));
}

}  // namespace runner::doctor
