#include "runner/status/access.hpp"

#include <algorithm>
#include <string_view>

#include "base/secret.hpp"
#include "base/strings.hpp"
#include "protocol/http/router.hpp"
#include "runner/status/page_files.hpp"
#include "runner/status/pages.hpp"

namespace runner::status {

namespace http = protocol::http;

namespace {

bool needs_token(const http::Request& request) {
    const auto path = std::string_view(request.target).substr(0, request.target.find('?'));
    if (path.starts_with("/health/")) return false;
    const auto files = page_files();
    return std::none_of(files.begin(), files.end(),
                        [path](const PageFile& file) { return file.path == path; });
}

}  // namespace

std::optional<http::Response> Access::refuse(const http::Request& request) const {
    if (!hosts_.allow(request)) return refuse_host();
    if (token_.empty() || !needs_token(request) || has_token(request)) return std::nullopt;
    auto refused = http::text_response(
        401,
        "This page needs the token of the file that token_file in [status] of config.toml names: "
        "send the header \"Authorization: Bearer TOKEN\".\n");
    refused.headers.set("WWW-Authenticate", "Bearer");
    return refused;
}

bool Access::has_token(const http::Request& request) const {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string_view given = request.headers.get("Authorization");
    return given.size() > kScheme.size() &&
           base::iequals(given.substr(0, kScheme.size()), kScheme) &&
           base::same_secret(base::trim(given.substr(kScheme.size())), token_.reveal());
}

void add_browser_rules(http::Response& response) {
    response.headers.set("X-Content-Type-Options", "nosniff");
    response.headers.set("Referrer-Policy", "no-referrer");
    response.headers.set("Cross-Origin-Resource-Policy", "same-origin");
    response.headers.set("Content-Security-Policy",
                         "default-src 'none'; script-src 'self'; style-src 'self'; "
                         "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
                         "form-action 'none'; frame-ancestors 'none'");
}

}  // namespace runner::status
