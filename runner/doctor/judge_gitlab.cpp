#include "runner/doctor/judge_gitlab.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <cstdlib>

#include "base/clock.hpp"
#include "protocol/http/certificate_fault.hpp"

namespace runner::doctor {

using base::ErrorKind;

namespace {

constexpr std::int64_t kHarmlessSeconds = 5;
constexpr std::int64_t kTolerableSeconds = 60;
constexpr std::int64_t kWarningDays = 7;
constexpr std::int64_t kDay = 86'400;
constexpr unsigned kServerErrors = 500;

/// The text of the error says which certificate of the chain has expired.
Finding judge_certificate(const std::string& url, const base::Error& error,
                          protocol::http::CertificateFault fault) {
    using Fault = protocol::http::CertificateFault;
    switch (fault) {
        case Fault::kExpired:
            return problem(fmt::format("{}: {}", url, error.message),
                           "renew the certificate of the server; see clock, too");
        case Fault::kIssuerExpired:
            return problem(fmt::format("{}: {}", url, error.message),
                           "renew the authority's certificate on the server, and in tls-ca-file of "
                           "[[runners]]; see clock, too");
        case Fault::kNotYetValid:
            return problem(fmt::format("{}: the certificate is not valid yet", url),
                           "timedatectl set-ntp true, on the machine whose clock is wrong");
        case Fault::kWrongName:
            return problem(fmt::format("{}: the certificate is for another name", url),
                           "write url in [[runners]] with the name of the certificate");
        case Fault::kUnknownIssuer:
            return problem(fmt::format("{}: the certificate's authority is not known here", url),
                           "name the authority's certificate: tls-ca-file in [[runners]]");
        case Fault::kOther: break;
    }
    return problem(fmt::format("{}: the certificate is not good for a server", url),
                   "give the server a certificate that was issued for servers");
}

/// Without the remedy that may follow: that of the line is enough.
Finding judge_failure(const std::string& url, const base::Error& error, bool through_proxy) {
    if (const auto fault = protocol::http::certificate_fault(error))
        return judge_certificate(url, error, *fault);
    if (through_proxy)
        return problem(fmt::format("{}: {}", url, error.message),
                       "see the line proxy; if GitLab needs none, add its host to NO_PROXY");
    if (error.code == boost::asio::error::connection_refused)
        return problem(fmt::format("{}: nothing listens there", url),
                       "start GitLab, or correct url in [[runners]]");
    if (error.is(ErrorKind::kInvalidInput))
        return problem(error.message, "correct url and the TLS files in [[runners]]");
    return problem(fmt::format("{}: {}", url, error.message),
                   "check url in [[runners]], the network and the firewall");
}

}  // namespace

std::string readable_seconds(std::int64_t seconds) {
    seconds = std::abs(seconds);
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 7200) return fmt::format("{} min", seconds / 60);
    if (seconds < 2 * kDay) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{} days", seconds / kDay);
}

Finding judge_contact(const std::string& url, const base::Result<Contact>& contact,
                      bool through_proxy) {
    if (!contact) return judge_failure(url, contact.error(), through_proxy);
    if (contact->status >= kServerErrors)
        return problem(fmt::format("{} answers with status {}", url, contact->status),
                       "look at GitLab's own health and logs (gitlab-ctl status)");
    return ok(fmt::format("{} answers", url));
}

Finding judge_clock(const std::string& url, const base::Result<Contact>& contact) {
    if (!contact) return skipped(url + " does not answer (see gitlab)");
    if (!contact->date) return skipped("the answer of " + url + " has no Date");
    std::int64_t difference = 0;
    if (*contact->date < contact->sent) difference = contact->sent - *contact->date;
    if (*contact->date > contact->received) difference = contact->received - *contact->date;
    if (std::abs(difference) <= kHarmlessSeconds) return ok("agrees with GitLab's clock");
    const std::string seen =
        fmt::format("this machine's clock is {} {} GitLab's", readable_seconds(difference),
                    difference < 0 ? "behind" : "ahead of");
    const std::string remedy = "timedatectl set-ntp true, on the machine whose clock is wrong";
    if (std::abs(difference) <= kTolerableSeconds) return warning(seen, remedy);
    return problem(seen, remedy);
}

Finding judge_token(const config::RunnerConfig& runner,
                    const base::Result<protocol::gitlab::TokenAnswer>& answer, std::int64_t now) {
    const std::string who = fmt::format("\"{}\"", runner.name);
    if (!answer && answer.error().is(ErrorKind::kForbidden)) {
        const auto end = base::parse_rfc3339(runner.token_expires_at);
        const std::string seen =
            end && *end > 0 && *end < now
                ? fmt::format("{}: the token has expired on {}", who, base::rfc3339_utc(*end))
                : fmt::format("{}: GitLab refuses the token (403)", who);
        return problem(seen, "runner register again with a token of GitLab's page for this runner");
    }
    if (!answer) return skipped(who + ": GitLab does not answer (see gitlab)");
    const std::string& text = answer->token_expires_at;
    const auto end = base::parse_rfc3339(text);
    if (!end) return ok(who + " is valid");
    const std::int64_t left = *end - now;
    const std::string seen = fmt::format("{} is valid until {}", who, base::rfc3339_utc(*end));
    if (left < kWarningDays * kDay)
        return warning(seen, "runner reset-token, unless the daemon runs and replaces it itself");
    return ok(seen);
}

Finding judge_paused(const config::RunnerConfig& runner,
                     const base::Result<protocol::gitlab::RunnerState>& state) {
    const std::string who = fmt::format("\"{}\"", runner.name);
    if (!state && state.error().is(ErrorKind::kUnauthorized))
        return skipped(who + ": GitLab refuses the access token",
                       "give one of a user who may see the runner, with the scope read_api");
    if (!state) return skipped(fmt::format("{}: {}", who, state.error().message));
    if (state->paused)
        return problem(fmt::format("{} (id {}) is paused: it gets no jobs", who, state->id),
                       "resume it in GitLab: Settings > CI/CD > Runners");
    return ok(fmt::format("{} (id {}) is not paused", who, state->id));
}

}  // namespace runner::doctor
