#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace protocol::http {

enum class Scheme { kHttp, kHttps, kUnix };

/// A peer: connections are reused for the same origin only, and credentials belong to one.
struct Origin {
    Scheme scheme = Scheme::kHttp;
    std::string host;  ///< lower case, an IPv6 address without brackets; "" for unix
    std::uint16_t port = 0;
    std::string path;  ///< of the socket, unix only

    bool operator==(const Origin&) const = default;
    /// The Host header: the port only where it is not the scheme's own. "localhost" for unix.
    [[nodiscard]] std::string authority() const;
    /// "host:port", always with the port; the path for unix.
    [[nodiscard]] std::string address() const;
    /// "https://host:port".
    [[nodiscard]] std::string text() const;
};

struct Url {
    Origin origin;
    std::string target;  ///< path and query, at least "/"
};

/// http, https and unix. A fragment is dropped. kInvalidInput for another scheme, a missing host, a
/// bad port, or credentials in the address; the message does not repeat what is before an "@".
/// More is accepted than RFC 3986 allows (non-ASCII bytes, "|", "[", a lone "%"), because servers
/// send such addresses in Location headers.
base::Result<Url> parse_url(std::string_view text);

/// The address in a Location header, absolute or relative to `from` (RFC 3986 §5.2).
base::Result<Url> resolve_reference(const Url& from, std::string_view reference);

}  // namespace protocol::http
