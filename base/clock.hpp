#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Wall clock, UTC, microseconds since 1970.
std::int64_t unix_micros_now();

/// "2026-01-31T16:47:55Z".
std::string rfc3339_utc(std::int64_t unix_seconds);
/// Seconds since 1970 of an RFC 3339 date: "T" or a space in the middle, fractions dropped, "Z" or
/// an offset. nullopt for anything else.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);
/// "2026-01-31T16:47:55.123456Z": the stamp of a job log line (job-runtime.md §3.4).
std::string rfc3339_utc_micros(std::int64_t unix_micros);

/// The time that decisions are made on; tests move it by hand.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const = 0;
    [[nodiscard]] virtual std::int64_t unix_micros() const = 0;
};

/// The machine's own clocks.
const Clock& system_clock();

}  // namespace base
