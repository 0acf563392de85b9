#pragma once

#include <string>

#include "protocol/http/proxy.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// Asks an HTTP proxy, to which `stream` is connected, for a tunnel to `origin` (CONNECT, RFC 9110,
/// section 9.3.6). The stream is at the first byte of the tunnel then, and is closed when the time
/// is over. Failures name the proxy: kUnauthorized when it refuses the credentials, kUnavailable,
/// kTimeout, kProtocol.
base::Task<base::Result<void>> open_tunnel(ByteStream& stream, const Proxy& proxy, Origin origin,
                                           std::string user_agent, Watchdog& watchdog);

/// What helps when an HTTP proxy answers 407, to follow the status.
std::string_view login_remedy(const Proxy& proxy);

/// A socket that stays with its owner.
class BorrowedSocket final : public ByteStream {
  public:
    explicit BorrowedSocket(Socket& socket) : socket_(socket) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override;
    base::Task<base::Result<void>> write_all(std::string_view bytes) override;
    void shutdown_write() override {}
    void close() override;

  private:
    Socket& socket_;
};

}  // namespace protocol::http
