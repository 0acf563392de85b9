#include "protocol/http/redirect.hpp"

namespace protocol::http {

namespace {

bool same_trust(const Origin& from, const Origin& to) {
    if (from == to) return true;
    return from.host == to.host && from.scheme == Scheme::kHttp && from.port == 80 &&
           to.scheme == Scheme::kHttps && to.port == 443;
}

void drop_credentials(Headers& headers) {
    for (const auto* name : {"RUNNER-TOKEN", "JOB-TOKEN", "PRIVATE-TOKEN", "Authorization",
                             "Cookie", "X-Registry-Auth"}) {
        headers.remove(name);
    }
}

void drop_body(Request& request) {
    request.body.clear();
    request.file.reset();
    for (const auto* name :
         {"Content-Type", "Content-Length", "Content-Range", "Content-Encoding"}) {
        request.headers.remove(name);
    }
}

}  // namespace

bool follow_redirect(const Response& answer, Request& request, Url& here) {
    const unsigned status = answer.status;
    const bool repeats = status == 307 || status == 308;
    if (!repeats && status != 301 && status != 302 && status != 303) return false;
    if (request.source || here.origin.scheme == Scheme::kUnix) return false;
    const std::string_view location = answer.headers.get("Location");
    if (location.empty()) return false;
    auto next = resolve_reference(here, location);
    if (!next || next->origin.scheme == Scheme::kUnix) return false;
    if (!repeats && request.method == "POST") {
        request.method = "GET";
        drop_body(request);
    }
    if (!same_trust(here.origin, next->origin)) drop_credentials(request.headers);
    request.headers.remove("Host");
    request.target = next->target;
    here = std::move(*next);
    return true;
}

}  // namespace protocol::http
