#include "base/clock.hpp"

#include <fmt/format.h>

#include <ctime>

namespace base {

namespace {

std::tm utc(std::int64_t unix_seconds) {
    const auto seconds = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
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
