#include "runner/doctor/judge_registry.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>

#include "protocol/http/certificate_fault.hpp"

namespace runner::doctor {

using base::ErrorKind;

namespace {

Finding judge_greeting(const RegistryVisit& visit) {
    const base::Error& error = visit.greeted.error();
    if (protocol::http::certificate_fault(error))
        return problem(fmt::format("{}: {}", visit.host, error.message),
                       "set ca_file in [[runners.registry]], or renew the certificate");
    if (error.is(ErrorKind::kUnauthorized) || error.is(ErrorKind::kForbidden))
        return problem(fmt::format("{}: the login{} is refused", visit.host,
                                   visit.user.empty() ? "" : " of \"" + visit.user + "\""),
                       "correct username and password_file in [[runners.registry]]");
    if (error.code == boost::asio::error::connection_refused)
        return problem(
            fmt::format("{}: nothing listens there", visit.host),
            "start the registry, or correct host, address and http in [[runners.registry]]");
    return problem(fmt::format("{}: {}", visit.host, error.message),
                   "check host, address and http in [[runners.registry]]");
}

}  // namespace

Finding judge_registry(const RegistryVisit& visit) {
    if (!visit.greeted) return judge_greeting(visit);
    if (visit.transferred) return ok(fmt::format("{}: login, push and pull work", visit.host));
    const base::Error& error = visit.transferred.error();
    if (error.is(ErrorKind::kForbidden) || error.is(ErrorKind::kUnauthorized))
        return warning(
            fmt::format("{}: answers; a push to {} is not allowed", visit.host, visit.repository),
            fmt::format("runner doctor --repository {}/GROUP/PROJECT, which it may write",
                        visit.host));
    return problem(fmt::format("{}: {}", visit.host, error.message),
                   "look at the registry's own log and disk");
}

Finding judge_engine_pull(const std::string& host, const base::Result<void>& pulled, bool needed) {
    if (pulled) return ok(host + ": the engine pulls from it");
    const std::string seen =
        fmt::format("{}: the engine cannot pull from it: {}", host, pulled.error().message);
    const std::string remedy = fmt::format(
        "its authority in /etc/docker/certs.d/{}/ca.crt, or for plain HTTP \"insecure-registries\" "
        "in the engine's daemon.json",
        host);
    if (needed) return problem(seen, remedy);
    return skipped(seen, "only for images of jobs from there: " + remedy);
}

}  // namespace runner::doctor
