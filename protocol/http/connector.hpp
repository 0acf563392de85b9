#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "protocol/http/client.hpp"
#include "protocol/http/proxy.hpp"
#include "protocol/http/tls_context.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/url.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// Makes the connections of one client: resolves the name, goes through the proxy, starts TLS.
/// Strand: the I/O thread.
class Connector {
  public:
    Connector(const ClientOptions& options, ProxySettings proxies);

    /// Within connect_limit and handshake_limit. An error says what failed, where, and what may
    /// help.
    base::Task<base::Result<std::unique_ptr<Transport>>> connect(Origin origin, Watchdog& watchdog);
    /// The proxy for plain HTTP requests to `origin`, which name their whole URL; nullptr for none.
    [[nodiscard]] const Proxy* plain_proxy(const Origin& origin) const;
    TlsContext& tls() { return tls_; }

  private:
    using Connected = base::Task<base::Result<std::unique_ptr<Transport>>>;

    Connected connect_through(const Proxy& proxy, Origin origin, Watchdog& watchdog);
    /// Through a proxy that is spoken to in TLS.
    Connected connect_within(Socket socket, const Proxy& proxy, Origin origin, Watchdog& watchdog);
    /// Starts TLS when `origin`, which `socket` leads to, wants it.
    Connected finish(Socket socket, Origin origin, Watchdog& watchdog);

    std::chrono::seconds connect_limit_;
    std::chrono::seconds handshake_limit_;
    std::vector<std::string> program_;
    std::string user_agent_;
    ProxySettings proxies_;
    TlsContext tls_;
    TlsContext proxy_tls_;
};

base::Task<base::Result<Socket>> dial_tcp(std::string host, std::uint16_t port, Watchdog& watchdog,
                                          std::chrono::nanoseconds limit);
base::Task<base::Result<Socket>> dial_unix(std::string path, Watchdog& watchdog);

}  // namespace protocol::http
