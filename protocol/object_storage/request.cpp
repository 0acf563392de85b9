#include "protocol/object_storage/request.hpp"

#include "base/encoding.hpp"

namespace protocol::object_storage {

std::string encode_path(std::string_view path) {
    return base::percent_encode(path, [](char c) { return c == '/' || base::is_unreserved(c); });
}

std::string encode_query(const Fields& query) {
    std::string text;
    for (const auto& [name, value] : query) {
        if (!text.empty()) text += '&';
        text += base::percent_encode(name) + "=" + base::percent_encode(value);
    }
    return text;
}

std::string target_of(const Request& request) {
    std::string target = encode_path(request.path);
    if (!request.query.empty()) target += "?" + encode_query(request.query);
    return target;
}

http::Request to_http(const Request& request) {
    http::Request out;
    out.method = request.method;
    out.target = target_of(request);
    for (const auto& [name, value] : request.headers) out.headers.add(name, value);
    return out;
}

std::string shown_address(const Request& request) {
    const std::string scheme = request.origin.scheme == http::Scheme::kHttps ? "https" : "http";
    return scheme + "://" + request.origin.authority() + encode_path(request.path);
}

}  // namespace protocol::object_storage
