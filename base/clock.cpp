#include "base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace base {

namespace {

constexpr std::string_view kDateTime = "0000-00-00T00:00:00";

std::tm utc(std::int64_t unix_seconds) {
    const auto seconds = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
}

/// Whether `text` begins with a date and a time, each digit in its place.
bool begins_with_date_time(std::string_view text) {
    if (text.size() < kDateTime.size()) return false;
    for (std::size_t i = 0; i < kDateTime.size(); ++i) {
        const bool fits = kDateTime[i] == '0' ? is_digit(text[i])
                          : kDateTime[i] == 'T'
                              ? std::string_view("Tt ").find(text[i]) != std::string_view::npos
                              : text[i] == kDateTime[i];
        if (!fits) return false;
    }
    return true;
}

/// Seconds east of UTC: "Z", "+01:00".
std::optional<std::int64_t> parse_offset(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':')
        return std::nullopt;
    for (const std::size_t i : {1U, 2U, 4U, 5U}) {
        if (!is_digit(zone[i])) return std::nullopt;
    }
    const std::int64_t offset = (number_at(zone, 1, 2) * 60 + number_at(zone, 4, 2)) * 60;
    return zone[0] == '+' ? offset : -offset;
}

class SystemClock final : public Clock {
  public:
    std::chrono::steady_clock::time_point now() const override {
        return std::chrono::steady_clock::now();
    }
    std::int64_t unix_micros() const override { return unix_micros_now(); }
};

}  // namespace

std::int64_t unix_micros_now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

std::string rfc3339_utc(std::int64_t unix_seconds) {
    const std::tm t = utc(unix_seconds);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1,
                       t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
    if (!begins_with_date_time(text)) return std::nullopt;
    std::tm parts{};
    parts.tm_year = number_at(text, 0, 4) - 1900;
    parts.tm_mon = number_at(text, 5, 2) - 1;
    parts.tm_mday = number_at(text, 8, 2);
    parts.tm_hour = number_at(text, 11, 2);
    parts.tm_min = number_at(text, 14, 2);
    parts.tm_sec = number_at(text, 17, 2);
    const auto seconds = static_cast<std::int64_t>(::timegm(&parts));
    std::string_view zone = text.substr(kDateTime.size());
    if (zone.starts_with('.'))
        zone = zone.substr(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
    const auto offset = parse_offset(zone);
    if (!offset) return std::nullopt;
    return seconds - *offset;
}

std::string rfc3339_utc_micros(std::int64_t unix_micros) {
    const std::tm t = utc(unix_micros / 1000000);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", t.tm_year + 1900, t.tm_mon + 1,
                       t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, unix_micros % 1000000);
}

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace base
