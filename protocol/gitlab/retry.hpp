#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/http/message.hpp"

namespace protocol::gitlab {

/// 408, 429, 500, 502, 503, 504 and everything from 512.
bool is_retriable(unsigned status);

/// The built-in retry of every call (runner-protocol.md §1.4): how long to wait before the next
/// attempt. Pure: `unix_now` and `random` are given.
class RetryPolicy {
  public:
    static constexpr unsigned kMaxAttempts = 5;

    /// nullopt when `answer` is final. `attempt`: the one that `answer` belongs to, from 1.
    /// `random`: in [0, 1), for the jitter.
    [[nodiscard]] static std::optional<std::chrono::milliseconds> next_delay(
        unsigned attempt, const http::Response& answer, std::int64_t unix_now, double random);

    /// 100 ms × 2ⁿ, at most a minute, minus a random part of up to one half.
    [[nodiscard]] static std::chrono::milliseconds backoff(unsigned attempt, double random);
    /// The delay that RateLimit-ResetTime or Retry-After asks for; nullopt without one.
    [[nodiscard]] static std::optional<std::chrono::milliseconds> requested_delay(
        const http::Response& answer, std::int64_t unix_now);
};

/// Tries of an artifact upload (runner-protocol.md §2.10): 403 and 413 are final, 503 is tried six
/// times, everything else three times, 1 s to 5 s apart unless the server asks for more.
class UploadPolicy {
  public:
    /// nullopt after the last try. `answer` is nullptr when there was no response.
    [[nodiscard]] static std::optional<std::chrono::milliseconds> next_delay(
        unsigned attempt, const http::Response* answer, std::int64_t unix_now);
};

/// RFC 1123: "Mon, 02 Jan 2006 15:04:05 GMT" → seconds since 1970.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace protocol::gitlab
