#include "executors/docker/engine_messages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/strings.hpp"

namespace executors::docker {

namespace {

constexpr std::array<std::string_view, 8> kNetwork{
    "dial tcp",      "connection refused",      "no such host",     "i/o timeout",
    "tls handshake", "client.timeout exceeded", "request canceled", "connection reset"};
constexpr std::array<std::string_view, 8> kMissingOrDenied{
    "not found",
    "manifest unknown",
    "pull access denied",
    "access to the resource is denied",
    "no basic auth credentials",
    "repository does not exist or may require",
    "unauthorized",
    "authentication required"};

constexpr std::array<std::string_view, 8> kForTheMoment{
    "toomanyrequests", "429 too many requests",   "http 429 response", "500 internal server error",
    "502 bad gateway", "503 service unavailable", "504 gateway time",  "unexpected eof"};
/// Those of kNetwork after which no byte of HTTP was sent, and what the engine thinks of the
/// registry's certificate.
constexpr std::array<std::string_view, 6> kNoConnection{
    "dial tcp",      "no such host",
    "tls handshake", "remote error: tls: ",
    "x509: ",        "server gave http response to https client"};
constexpr std::array<std::string_view, 2> kDiskFull{"no space left on device",
                                                    "disk quota exceeded"};
constexpr std::string_view kRetryAfter = "retry-after:";
constexpr double kYear = 365.0 * 24 * 3600 * 1000;

struct Unit {
    std::string_view name;
    double milliseconds;
};
/// Those of Go's durations; a name that begins another one comes after it.
constexpr std::array<Unit, 7> kUnits{{{"ns", 1e-6},
                                      {"\u00b5s", 1e-3},
                                      {"us", 1e-3},
                                      {"ms", 1},
                                      {"s", 1000},
                                      {"m", 60000},
                                      {"h", 3600000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t N>
bool contains_any(const std::string& text, const std::array<std::string_view, N>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

base::PullFailure classify_pull_failure(std::string_view message) {
    const std::string text = base::to_lower(message);
    if (contains_any(text, kNetwork)) return base::PullFailure::kExternal;
    if (contains_any(text, kMissingOrDenied)) return base::PullFailure::kConfiguration;
    return base::PullFailure::kOther;
}

bool is_transient_pull_failure(std::string_view message) {
    return contains_any(base::to_lower(message), kForTheMoment);
}

CommonCause common_cause(std::string_view message) {
    const std::string text = base::to_lower(message);
    if (contains_any(text, kNoConnection)) return CommonCause::kNoConnection;
    return contains_any(text, kDiskFull) ? CommonCause::kDiskFull : CommonCause::kNone;
}

std::optional<std::chrono::milliseconds> asked_pause(std::string_view message) {
    const std::string text = base::to_lower(message);
    const auto found = text.find(kRetryAfter);
    if (found == std::string::npos) return std::nullopt;
    std::string_view rest = base::trim(std::string_view(text).substr(found + kRetryAfter.size()));
    double sum = 0;
    bool any = false;
    while (!rest.empty() && (is_digit(rest.front()) || rest.front() == '.')) {
        double number = 0;
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number,
                                          std::chars_format::fixed);
        if (read.ec != std::errc()) break;
        rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
        const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& candidate) {
            return rest.starts_with(candidate.name);
        });
        // A number without a unit: the seconds of the header of that name.
        sum += number * (unit == kUnits.end() ? 1000 : unit->milliseconds);
        any = true;
        if (unit == kUnits.end()) break;
        rest.remove_prefix(unit->name.size());
    }
    if (!any) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(sum, kYear))));
}

bool refuses_api_version(std::string_view message) {
    return message.find("client version") != std::string_view::npos;
}

}  // namespace executors::docker
