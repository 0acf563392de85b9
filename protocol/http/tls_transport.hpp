#pragma once

#include <memory>

#include "protocol/http/tls_context.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/url.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// Starts TLS on a connected socket and takes ownership of it. Answers after the handshake, which
/// checks the certificate for origin.host. kUnauthorized for a certificate that is not trusted; the
/// message says why and what helps. The caller arms the watchdog, which ends a handshake that takes
/// too long.
base::Task<base::Result<std::unique_ptr<Transport>>> start_tls(Socket socket,
                                                               std::shared_ptr<SSL_CTX> context,
                                                               Origin origin, bool verify,
                                                               Watchdog& watchdog);

/// The same within the TLS of a proxy: `outer` comes from start_tls(), and the proxy passes on what
/// goes through it.
base::Task<base::Result<std::unique_ptr<Transport>>> start_tls_within(
    std::unique_ptr<Transport> outer, std::shared_ptr<SSL_CTX> context, Origin origin, bool verify,
    Watchdog& watchdog);

/// The server's end: accept() is the handshake. The connection of a peer that asks for no TLS
/// fails.
std::unique_ptr<Transport> make_tls_server_transport(Socket socket,
                                                     std::shared_ptr<SSL_CTX> context);

}  // namespace protocol::http
