#include "base/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

namespace base {

namespace {

struct Unit {
    std::string_view name;
    double nanos;
};

// Longest names first: "ms" must not be read as "m".
constexpr std::array<Unit, 8> kUnits{{{"ns", 1e0},
                                      {"us", 1e3},
                                      {"\xc2\xb5s", 1e3},
                                      {"\xce\xbcs", 1e3},
                                      {"ms", 1e6},
                                      {"s", 1e9},
                                      {"m", 60e9},
                                      {"h", 3600e9}}};

Error bad(std::string_view text) {
    return make_error(ErrorKind::kInvalidInput,
                      fmt::format("\"{}\" is not a duration: write a number and a unit, as in "
                                  "\"90s\" or \"1h30m\"",
                                  text));
}

std::size_t read_number(std::string_view rest, double& value) {
    std::size_t used = 0;
    bool digits = false;
    double scale = 0;
    value = 0;
    for (; used < rest.size(); ++used) {
        const char c = rest[used];
        if (c == '.' && scale == 0) {
            scale = 1;
            continue;
        }
        if (c < '0' || c > '9') break;
        digits = true;
        value = value * 10 + (c - '0');
        if (scale > 0) scale *= 10;
    }
    if (scale > 0) value /= scale;
    return digits ? used : 0;
}

const Unit* read_unit(std::string_view rest) {
    for (const Unit& unit : kUnits) {
        if (rest.starts_with(unit.name)) return &unit;
    }
    return nullptr;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return std::chrono::nanoseconds(0);
    if (rest.empty()) return bad(text);
    double total = 0;
    while (!rest.empty()) {
        double value = 0;
        const std::size_t used = read_number(rest, value);
        if (used == 0) return bad(text);
        rest.remove_prefix(used);
        const Unit* unit = read_unit(rest);
        if (unit == nullptr) return bad(text);
        rest.remove_prefix(unit->name.size());
        total += value * unit->nanos;
    }
    if (!(total <= 9.2e18)) return bad(text);  // or it is no number: infinity / infinity
    const auto nanos = static_cast<std::int64_t>(std::llround(total));
    return std::chrono::nanoseconds(negative ? -nanos : nanos);
}

namespace {

std::string trimmed_fraction(std::int64_t whole, std::int64_t fraction, int digits) {
    std::string text = fmt::format("{}.{:0{}}", whole, fraction, digits);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

}  // namespace

std::string format_go_duration(std::chrono::nanoseconds duration) {
    std::int64_t nanos = duration.count();
    if (nanos == 0) return "0s";
    const std::string sign = nanos < 0 ? "-" : "";
    if (nanos < 0) nanos = -nanos;
    if (nanos < 1000) return fmt::format("{}{}ns", sign, nanos);
    if (nanos < 1000000)
        return sign + trimmed_fraction(nanos / 1000, nanos % 1000, 3) + "\xc2\xb5s";
    if (nanos < 1000000000)
        return sign + trimmed_fraction(nanos / 1000000, nanos % 1000000, 6) + "ms";
    const std::int64_t seconds = nanos / 1000000000;
    const std::string tail = trimmed_fraction(seconds % 60, nanos % 1000000000, 9) + "s";
    if (seconds < 60) return sign + tail;
    if (seconds < 3600) return fmt::format("{}{}m{}", sign, seconds / 60, tail);
    return fmt::format("{}{}h{}m{}", sign, seconds / 3600, seconds / 60 % 60, tail);
}

}  // namespace base
