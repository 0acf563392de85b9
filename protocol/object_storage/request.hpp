#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/http/message.hpp"
#include "protocol/http/url.hpp"

namespace protocol::object_storage {

/// Names and values in order, not encoded.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// A request to a storage before it is signed, and after it: a signature is further `query` or
/// `headers`. A value; what it holds after signing is a secret for as long as the signature counts.
struct Request {
    std::string method = "GET";
    http::Origin origin;
    std::string path = "/";  ///< not encoded, with the bucket where it is part of the path
    Fields query;
    /// Lower-case names. All of them are signed where the signature has that notion. The Host
    /// header is not among them.
    Fields headers;
};

/// `path` for a URL: what is not unreserved is escaped, but for the slashes.
std::string encode_path(std::string_view path);
/// "name=value&…", each part escaped, in the order given.
std::string encode_query(const Fields& query);
/// Path and query for the request line.
std::string target_of(const Request& request);
/// As the HTTP client takes it, without a body.
http::Request to_http(const Request& request);
/// "https://host/bucket/object": without the query, so that it may be shown.
std::string shown_address(const Request& request);

}  // namespace protocol::object_storage
