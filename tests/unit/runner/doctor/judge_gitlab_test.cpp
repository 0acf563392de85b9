#include "runner/doctor/judge_gitlab.hpp"

#include <openssl/x509_vfy.h>

#include <boost/asio/error.hpp>

#include "protocol/http/certificate_fault.hpp"
#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

using base::ErrorKind;
using base::make_error;

constexpr const char* kUrl = "https://git.example";

base::Error certificate(long verdict, bool of_issuer = false) {
    return base::Error{ErrorKind::kUnauthorized, "which, and when",
                       protocol::http::certificate_error(verdict, of_issuer)};
}

TEST(JudgeGitlab, NamesWhatIsWrongWithACertificate) {
    const struct {
        long verdict;
        const char* seen;
        const char* remedy;
    } table[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, "which, and when",
         "renew the certificate of the server; see clock, too"},
        {X509_V_ERR_CERT_NOT_YET_VALID, "the certificate is not valid yet",
         "timedatectl set-ntp true, on the machine whose clock is wrong"},
        {X509_V_ERR_HOSTNAME_MISMATCH, "the certificate is for another name",
         "write url in [[runners]] with the name of the certificate"},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "the certificate's authority is not known here",
         "name the authority's certificate: tls-ca-file in [[runners]]"},
        {X509_V_ERR_INVALID_PURPOSE, "the certificate is not good for a server",
         "give the server a certificate that was issued for servers"}};
    for (const auto& row : table)
        expect_finding(judge_contact(kUrl, certificate(row.verdict), false),
                       problem(std::string(kUrl) + ": " + row.seen, row.remedy));
    expect_finding(judge_contact(kUrl, certificate(X509_V_ERR_CERT_HAS_EXPIRED, true), false),
                   problem(std::string(kUrl) + ": which, and when",
                           "renew the authority's certificate on the server, and in tls-ca-file of "
                           "[[runners]]; see clock, too"));
}

TEST(JudgeGitlab, TellsARefusedConnectionFromAProxysFailure) {
    const base::Error refused{ErrorKind::kUnavailable, "connect",
                              boost::asio::error::connection_refused};
    expect_finding(judge_contact(kUrl, refused, false),
                   problem("https://git.example: nothing listens there",
                           "start GitLab, or correct url in [[runners]]"));
    EXPECT_EQ(judge_contact(kUrl, refused, true).remedy,
              "see the line proxy; if GitLab needs none, add its host to NO_PROXY");
}

TEST(JudgeGitlab, JudgesStatusAndClock) {
    expect_finding(judge_contact(kUrl, Contact{.status = 401}, false),
                   ok("https://git.example answers"));
    EXPECT_EQ(judge_contact(kUrl, Contact{.status = 502}, false).state, State::kProblem);
    const struct {
        std::int64_t date;
        State state;
        const char* seen;
    } table[] = {
        {100'000, State::kOk, "agrees with GitLab's clock"},
        {99'996, State::kOk, "agrees with GitLab's clock"},
        {99'980, State::kWarning, "this machine's clock is 19 s ahead of GitLab's"},
        {100'600, State::kProblem, "this machine's clock is 10 min behind GitLab's"},
        {100'000 + 3 * 86'400, State::kProblem, "this machine's clock is 3 days behind GitLab's"}};
    for (const auto& row : table) {
        const Contact contact{.status = 401, .date = row.date, .sent = 99'999, .received = 100'000};
        EXPECT_EQ(judge_clock(kUrl, contact).seen, row.seen);
        EXPECT_EQ(judge_clock(kUrl, contact).state, row.state) << row.seen;
    }
    EXPECT_EQ(judge_clock(kUrl, Contact{.status = 401}).state, State::kSkipped);
}

config::RunnerConfig runner() {
    config::RunnerConfig runner;
    runner.name = "build";
    return runner;
}

TEST(JudgeGitlab, JudgesTokens) {
    const std::string again = "runner register again with a token of GitLab's page for this runner";
    const base::Error refused = make_error(ErrorKind::kForbidden, "403");
    expect_finding(judge_token(runner(), refused, 100),
                   problem("\"build\": GitLab refuses the token (403)", again));
    auto expired = runner();
    expired.token_expires_at = "1970-01-01T00:01:00Z";
    expect_finding(judge_token(expired, refused, 100),
                   problem("\"build\": the token has expired on 1970-01-01T00:01:00Z", again));
    EXPECT_EQ(judge_token(runner(), make_error(ErrorKind::kUnavailable, "x"), 100).state,
              State::kSkipped);
    protocol::gitlab::TokenAnswer answer;
    expect_finding(judge_token(runner(), answer, 100), ok("\"build\" is valid"));
    answer.token_expires_at = "1970-02-01T00:00:00.000Z";
    expect_finding(judge_token(runner(), answer, 100),
                   ok("\"build\" is valid until 1970-02-01T00:00:00Z"));
    EXPECT_EQ(judge_token(runner(), answer, 30 * 86'400).state, State::kWarning);
}

TEST(JudgeGitlab, JudgesPausedRunners) {
    using protocol::gitlab::RunnerState;
    expect_finding(judge_paused(runner(), RunnerState{7, true}),
                   problem("\"build\" (id 7) is paused: it gets no jobs",
                           "resume it in GitLab: Settings > CI/CD > Runners"));
    expect_finding(judge_paused(runner(), RunnerState{7, false}),
                   ok("\"build\" (id 7) is not paused"));
    EXPECT_EQ(judge_paused(runner(), make_error(ErrorKind::kUnauthorized, "401")).state,
              State::kSkipped);
}

}  // namespace
}  // namespace runner::doctor
