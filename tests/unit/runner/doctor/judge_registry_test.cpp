#include "runner/doctor/judge_registry.hpp"

#include <openssl/x509_vfy.h>

#include <boost/asio/error.hpp>

#include "protocol/http/certificate_fault.hpp"
#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

using base::Error;
using base::ErrorKind;
using base::make_error;

RegistryVisit visit() { return {.host = "r:5000", .user = "ci", .repository = "runner-doctor"}; }

TEST(JudgeRegistry, JudgesTheGreeting) {
    const struct {
        Error error;
        const char* seen;
        const char* remedy;
    } table[] = {{{ErrorKind::kUnavailable, "x", boost::asio::error::connection_refused},
                  "r:5000: nothing listens there",
                  "start the registry, or correct host, address and http in [[runners.registry]]"},
                 {make_error(ErrorKind::kUnauthorized, "/v2/: status 401"),
                  "r:5000: the login of \"ci\" is refused",
                  "correct username and password_file in [[runners.registry]]"},
                 {{ErrorKind::kUnauthorized, "TLS: expired",
                   protocol::http::certificate_error(X509_V_ERR_CERT_HAS_EXPIRED)},
                  "r:5000: TLS: expired",
                  "set ca_file in [[runners.registry]], or renew the certificate"},
                 {make_error(ErrorKind::kTimeout, "too slow"), "r:5000: too slow",
                  "check host, address and http in [[runners.registry]]"}};
    for (const auto& row : table) {
        RegistryVisit dead = visit();
        dead.greeted = row.error;
        expect_finding(judge_registry(dead), problem(row.seen, row.remedy));
    }
}

TEST(JudgeRegistry, ARepositoryThatMayNotBeWrittenIsAWarning) {
    RegistryVisit denied = visit();
    denied.transferred = make_error(ErrorKind::kForbidden, "403");
    expect_finding(judge_registry(denied),
                   warning("r:5000: answers; a push to runner-doctor is not allowed",
                           "runner doctor --repository r:5000/GROUP/PROJECT, which it may write"));
    expect_finding(judge_registry(visit()), ok("r:5000: login, push and pull work"));
}

TEST(JudgeRegistry, AnEngineThatCannotPullIsAProblemWhereItMust) {
    expect_finding(judge_engine_pull("r:5000", {}, true), ok("r:5000: the engine pulls from it"));
    const auto failure = make_error(ErrorKind::kUnavailable, "HTTP to an HTTPS client");
    const std::string seen = "r:5000: the engine cannot pull from it: HTTP to an HTTPS client";
    const std::string remedy =
        "its authority in /etc/docker/certs.d/r:5000/ca.crt, or for plain HTTP "
        "\"insecure-registries\" in the engine's daemon.json";
    expect_finding(judge_engine_pull("r:5000", failure, true), problem(seen, remedy));
    expect_finding(judge_engine_pull("r:5000", failure, false),
                   skipped(seen, "only for images of jobs from there: " + remedy));
}

}  // namespace
}  // namespace runner::doctor
