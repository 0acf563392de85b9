#include "protocol/http/message_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace protocol::http {

namespace {

bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

bool is_field_name(std::string_view text) {
    return is_word(text) && text.find(':') == std::string_view::npos;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

base::Error unsendable(std::string_view what) {
    return base::make_error(base::ErrorKind::kInvalidInput,
                            std::string(what) + " holds a line break or another control character");
}

bool has_length(const Request& request) {
    return request.content_length() > 0 || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

std::string status_and_fields(const Response& response) {
    std::string out =
        "HTTP/1.1 " + std::to_string(response.status) + " " + response.reason + "\r\n";
    for (const auto& [name, value] : response.headers.all()) {
        if (is_field_name(name) && is_field_value(value)) append_field(out, name, value);
    }
    return out;
}

}  // namespace

base::Result<std::string> write_request_head(const Request& request, const WireContext& context) {
    if (!is_word(request.method)) return unsendable("the request's method");
    if (!is_word(request.target)) return unsendable("the request's path");
    std::string out;
    out.reserve(512);
    out += request.method;
    out += ' ';
    out += context.target_prefix;
    out += request.target;
    out += " HTTP/1.1\r\n";
    if (!request.headers.has("Host")) append_field(out, "Host", context.host);
    if (!context.user_agent.empty() && !request.headers.has("User-Agent")) {
        append_field(out, "User-Agent", context.user_agent);
    }
    for (const auto& [name, value] : request.headers.all()) {
        if (!is_field_name(name) || !is_field_value(value)) return unsendable("the header " + name);
        append_field(out, name, value);
    }
    if (!context.proxy_authorization.empty()) {
        append_field(out, "Proxy-Authorization", context.proxy_authorization);
    }
    if (request.source) {
        if (!request.headers.has("Content-Length"))
            append_field(out, "Transfer-Encoding", "chunked");
    } else if (has_length(request)) {
        append_field(out, "Content-Length", std::to_string(request.content_length()));
    }
    out += "\r\n";
    return out;
}

std::string write_response_head(const Response& response, bool keep_alive) {
    std::string out = status_and_fields(response);
    append_field(out, "Content-Length", std::to_string(response.body.size()));
    append_field(out, "Connection", keep_alive ? "keep-alive" : "close");
    out += "\r\n";
    return out;
}

std::string write_upgrade_head(const Response& response) {
    return status_and_fields(response) + "\r\n";
}

std::string write_stream_head(const Response& response, bool chunked) {
    std::string out = status_and_fields(response);
    if (chunked) append_field(out, "Transfer-Encoding", "chunked");
    append_field(out, "Connection", "close");
    out += "\r\n";
    return out;
}

std::string chunk_head(std::size_t bytes) { return fmt::format("{:x}\r\n", bytes); }

}  // namespace protocol::http
