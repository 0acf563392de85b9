#include "runner/doctor/server_options.hpp"

#include <string>

#include "base/version.hpp"
#include "protocol/gitlab/api_url.hpp"
#include "protocol/gitlab/client.hpp"
#include "protocol/http/url.hpp"

namespace runner::doctor {

namespace gitlab = protocol::gitlab;
namespace http = protocol::http;

namespace {

constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::chrono::seconds kAnswerLimit{20};

}  // namespace

http::TlsSettings tls_of(const config::RunnerConfig& runner) {
    http::TlsSettings tls;
    tls.ca_file = runner.tls_ca_file;
    tls.cert_file = runner.tls_cert_file;
    tls.key_file = runner.tls_key_file;
    return tls;
}

base::Result<http::ClientOptions> gitlab_options(const config::RunnerConfig& runner) {
    auto api = gitlab::api_url(runner.url);
    if (!api) return api.error();
    http::ClientOptions options;
    options.endpoint = api->endpoint;
    options.tls = tls_of(runner);
    options.user_agent = gitlab::user_agent();
    options.proxy_from_environment = true;
    options.connect_limit = kConnectLimit;
    options.total_limit = kAnswerLimit;
    return options;
}

base::Result<http::ClientOptions> registry_options(
    const executors::docker::RegistrySettings& settings) {
    const std::string scheme = settings.http ? "http://" : "https://";
    auto url = http::parse_url(scheme + settings.host);
    if (!url) return url.error();
    if (!settings.address.empty() && settings.address != url->origin.host) {
        if (!settings.http)
            return base::make_error(base::ErrorKind::kConfiguration,
                                    settings.host + " is a name that only jobs know");
        url->origin.host = settings.address;
    }
    http::ClientOptions options;
    options.endpoint = url->origin.text();
    options.tls.ca_file = settings.ca_file;
    options.tls.verify = !settings.insecure;
    options.user_agent = "runner/" + std::string(base::version());
    options.proxy_from_environment = settings.address.empty();
    return options;
}

}  // namespace runner::doctor
