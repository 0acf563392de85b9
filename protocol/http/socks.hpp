#pragma once

#include "protocol/http/proxy.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// Asks a SOCKS 5 proxy (RFC 1928), to which `socket` is connected, for a connection to `origin`,
/// with the user and the password of `proxy` (RFC 1929) when it has them. A name is resolved by the
/// proxy. Answers the socket, whose peer is `origin` from now on.
///
/// Strand: the I/O thread. The caller arms the watchdog. Failures name the proxy: kUnauthorized
/// when it refuses the credentials, kForbidden when its rules do; kUnavailable, kTimeout,
/// kProtocol.
base::Task<base::Result<Socket>> open_through_socks(Socket socket, const Proxy& proxy,
                                                    Origin origin, Watchdog& watchdog);

}  // namespace protocol::http
