#include "runner/doctor/judge_certificate.hpp"

#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kEnd = 1'700'000'000;  // 2023-11-14T22:13:20Z
constexpr const char* kRemedy = "renew it, and what has issued it if that ends as well";

TEST(JudgeCertificate, WarnsTwoWeeksBeforeTheEnd) {
    expect_finding(judge_certificate_end("https://g", kEnd, kEnd - 14 * kDay),
                   ok("https://g: the certificate is valid until 2023-11-14T22:13:20Z"));
    expect_finding(
        judge_certificate_end("https://g", kEnd, kEnd - 14 * kDay + 1),
        warning("https://g: the certificate ends in 13 days, on 2023-11-14T22:13:20Z", kRemedy));
    expect_finding(
        judge_certificate_end("https://g", kEnd, kEnd - 1),
        warning("https://g: the certificate ends in 1 s, on 2023-11-14T22:13:20Z", kRemedy));
    expect_finding(
        judge_certificate_end("https://g", kEnd, kEnd),
        problem("https://g: the certificate has ended on 2023-11-14T22:13:20Z", kRemedy));
}

TEST(JudgeCertificate, AFileThatCannotBeReadIsAProblem) {
    expect_finding(judge_certificate_file("key /c.pem", std::int64_t{kEnd}, kEnd - 90 * kDay),
                   ok("key /c.pem: the certificate is valid until 2023-11-14T22:13:20Z"));
    expect_finding(
        judge_certificate_file("key /c.pem", base::make_error(base::ErrorKind::kIo, "no"), kEnd),
        problem("key /c.pem: no", "write a certificate in PEM form there, or correct the path"));
}

}  // namespace
}  // namespace runner::doctor
