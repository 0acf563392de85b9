#pragma once

#include <memory>

#include "protocol/http/tls_context.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/url.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// TLS on a connected socket, which it takes. Answers after the handshake, in which the certificate
/// was checked for origin.host. kUnauthorized for a certificate that is not trusted: the sentence
/// says why and what helps. The watchdog, armed by the caller, ends a handshake that takes too
/// long.
base::Task<base::Result<std::unique_ptr<Transport>>> start_tls(Socket socket,
                                                               std::shared_ptr<SSL_CTX> context,
                                                               Origin origin, bool verify,
                                                               Watchdog& watchdog);

}  // namespace protocol::http
