#include "protocol/gitlab/retry.hpp"

#include <algorithm>
#include <ctime>
#include <string>

#include "base/parse.hpp"
#include "base/strings.hpp"

namespace protocol::gitlab {

using std::chrono::milliseconds;

bool is_retriable(unsigned status) {
    switch (status) {
        case 408:
        case 429:
        case 500:
        case 502:
        case 503:
        case 504: return true;
        default: return status >= 512;
    }
}

std::optional<milliseconds> RetryPolicy::next_delay(unsigned attempt, const http::Response& answer,
                                                    std::int64_t unix_now, double random) {
    if (!is_retriable(answer.status) || attempt >= kMaxAttempts) return std::nullopt;
    const auto requested = requested_delay(answer, unix_now);
    return requested ? *requested : backoff(attempt, random);
}

milliseconds RetryPolicy::backoff(unsigned attempt, double random) {
    constexpr std::int64_t kFirst = 100;
    constexpr std::int64_t kLongest = 60'000;
    const unsigned doublings = std::min(attempt == 0 ? 0U : attempt - 1, 16U);
    const auto whole = static_cast<double>(std::min(kFirst << doublings, kLongest));
    return milliseconds(static_cast<std::int64_t>(whole * (0.5 + random / 2)));
}

std::optional<milliseconds> RetryPolicy::requested_delay(const http::Response& answer,
                                                         std::int64_t unix_now) {
    // The longest wait inside one call, whatever the server asks for.
    static constexpr std::int64_t kLongest = 3600;
    const auto as_delay = [](std::int64_t seconds) {
        return milliseconds(std::min(seconds, kLongest) * 1000);
    };
    const auto reset = parse_http_date(answer.headers.get("RateLimit-ResetTime"));
    if (reset && *reset > unix_now) return as_delay(*reset - unix_now);
    const std::string_view after = base::trim(answer.headers.get("Retry-After"));
    const auto seconds = base::parse_number<std::int64_t>(after);
    if (!seconds || *seconds <= 0) return std::nullopt;
    return as_delay(*seconds);
}

std::optional<milliseconds> UploadPolicy::next_delay(unsigned attempt, const http::Response* answer,
                                                     std::int64_t unix_now) {
    constexpr milliseconds kFirst{1000};
    constexpr milliseconds kLongest{5000};
    constexpr milliseconds kLongestRequested{60'000};
    const unsigned status = answer != nullptr ? answer->status : 0;
    if (status == 403 || status == 413) return std::nullopt;
    const unsigned tries = status == 503 ? 6 : 3;
    if (attempt >= tries) return std::nullopt;
    const milliseconds wait = std::min(kFirst * (1U << std::min(attempt - 1, 8U)), kLongest);
    const auto requested =
        answer != nullptr ? RetryPolicy::requested_delay(*answer, unix_now) : std::nullopt;
    return requested ? std::max(wait, std::min(*requested, kLongestRequested)) : wait;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    const std::string copy(base::trim(text));
    std::tm parts{};
    // The program never calls setlocale(), so strptime() expects English names of days and months.
    const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S", &parts);
    if (end == nullptr) return std::nullopt;
    const std::string_view zone = base::trim(end);
    if (zone != "GMT" && zone != "UTC") return std::nullopt;
    return static_cast<std::int64_t>(::timegm(&parts));
}

}  // namespace protocol::gitlab
