#include <set>
#include <string>

#include "base/clock.hpp"
#include "protocol/http/certificate_end.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/judge_certificate.hpp"
#include "runner/doctor/server_options.hpp"

namespace runner::doctor {

namespace http = protocol::http;
using base::Result;
using base::Task;

namespace {

constexpr const char* kName = "certificate";

std::int64_t present_second() { return base::unix_micros_now() / 1'000'000; }

Task<Result<Finding>> check_server(const Context& context, http::ClientOptions options,
                                   std::string what, std::string see) {
    auto asking = http::certificate_end(context.executor, std::move(options));
    const auto end = co_await std::move(asking);
    if (!end && end.error().is(base::ErrorKind::kCancelled)) co_return end.error();
    if (!end) co_return skipped(what + ": was not shown (see " + see + ")");
    co_return judge_certificate_end(what, *end, present_second());
}

Task<Result<Finding>> check_file(std::string what, std::string path) {
    co_return judge_certificate_file(what, http::certificate_file_end(path), present_second());
}

/// Adds the checks of one call; each server and each file once.
class CertificateChecks {
  public:
    CertificateChecks(const Context& context, Checks& checks)
        : context_(context), checks_(checks) {}

    /// A server without TLS has none to look at, and one that cannot be asked has a line elsewhere.
    void add_server(const Result<http::ClientOptions>& options, const std::string& what,
                    const std::string& see) {
        if (!options || !options->endpoint.starts_with("https://")) return;
        if (!known_.insert(options->endpoint + '\n' + options->tls.ca_file).second) return;
        checks_.push_back({.name = kName, .run = [&context = context_, options, what, see] {
                               return check_server(context, *options, what, see);
                           }});
    }
    void add_file(const std::string& key, const std::string& path) {
        if (path.empty() || !known_.insert(path).second) return;
        const std::string what = key + " " + path;
        checks_.push_back({.name = kName, .run = [what, path] { return check_file(what, path); }});
    }

  private:
    const Context& context_;
    Checks& checks_;
    std::set<std::string> known_;
};

}  // namespace

void add_certificate_checks(const Context& context, Checks& checks) {
    CertificateChecks certificates(context, checks);
    certificates.add_file("tls_cert_file of [status]", context.config->status.tls_cert_file);
    for (const config::RunnerConfig* runner : context.runners) {
        certificates.add_server(gitlab_options(*runner), runner->url, "gitlab");
        certificates.add_file("tls-cert-file of [[runners]]", runner->tls_cert_file);
        for (const auto& registry : runner->registries)
            certificates.add_server(registry_options(registry), registry.host, "registry");
    }
}

}  // namespace runner::doctor
