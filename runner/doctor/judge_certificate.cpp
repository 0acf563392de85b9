#include "runner/doctor/judge_certificate.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "runner/doctor/judge_gitlab.hpp"

namespace runner::doctor {

namespace {

constexpr std::int64_t kSecondsOfADay = 86'400;
/// Time enough to ask another department for a new one.
constexpr std::int64_t kDaysOfNotice = 14;
constexpr const char* kRenew = "renew it, and what has issued it if that ends as well";

}  // namespace

Finding judge_certificate_end(const std::string& what, std::int64_t end, std::int64_t now) {
    const std::string date = base::rfc3339_utc(end);
    if (end <= now)
        return problem(fmt::format("{}: the certificate has ended on {}", what, date), kRenew);
    const std::int64_t left = end - now;
    if (left < kDaysOfNotice * kSecondsOfADay) {
        return warning(fmt::format("{}: the certificate ends in {}, on {}", what,
                                   readable_seconds(left), date),
                       kRenew);
    }
    return ok(fmt::format("{}: the certificate is valid until {}", what, date));
}

Finding judge_certificate_file(const std::string& what, const base::Result<std::int64_t>& end,
                               std::int64_t now) {
    if (end) return judge_certificate_end(what, *end, now);
    return problem(fmt::format("{}: {}", what, end.error().message),
                   "write a certificate in PEM form there, or correct the path");
}

}  // namespace runner::doctor
