#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/http/message.hpp"

namespace protocol::http {

/// The part of a request's header that does not come from the request.
struct WireContext {
    std::string_view host;                 ///< Host header, unless the request has its own
    std::string_view user_agent;           ///< likewise; "" for none
    std::string_view target_prefix;        ///< "http://host" in front of a plain proxy, else ""
    std::string_view proxy_authorization;  ///< "" for none
};

/// The header as it is sent, with the empty line at its end. kInvalidInput when the method, the
/// target or a field has a line break or another control character, which could smuggle in a second
/// request.
base::Result<std::string> write_request_head(const Request& request, const WireContext& context);

/// For the server; Content-Length is that of the body, which a HEAD leaves out.
std::string write_response_head(const Response& response, bool keep_alive);
/// For a connection that is not HTTP's after it: its fields are those of the response.
std::string write_upgrade_head(const Response& response);
/// For a body of unknown length, with which the connection ends. `chunked`: not for HTTP/1.0.
std::string write_stream_head(const Response& response, bool chunked);
/// What stands before a chunk of a body; "\r\n" stands behind it. The chunk of no bytes is the
/// last.
std::string chunk_head(std::size_t bytes);

}  // namespace protocol::http
