#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/unique_fd.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/tls_settings.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace protocol::http {

struct ServerOptions {
    std::string host;                       ///< address or name to listen on; "" for all interfaces
    std::uint16_t port = 0;                 ///< 0: one that is free
    std::chrono::seconds header_limit{10};  ///< for a request to arrive, once it has begun
    std::chrono::seconds idle_limit{60};    ///< between two requests
    std::chrono::seconds write_limit{60};   ///< for the peer to read an answer
    std::size_t max_header_bytes = 16U << 10U;
    std::size_t max_body_bytes = 64U << 10U;
    /// Certificate and key of a server that speaks TLS; they are read again when they change.
    std::optional<TlsSettings> tls = std::nullopt;
    /// The same for a certificate in memory (protocol/http/self_signed.hpp); wins over `tls`.
    std::shared_ptr<SSL_CTX> tls_context = nullptr;
    std::string name = "Status server";  ///< begins its lines in the log
    std::size_t max_connections =
        64;  ///< a further one ends the one that waits for the longest time
};

/// A small HTTP/1.1 server: keep-alive, HEAD, limits, TLS, connections that are handed over.
///
/// Peers that hold connections without use keep nobody out: a new connection beyond the limit
/// closes the one that has waited longest for a request, or else for its peer to read an answer, or
/// else for the next piece of a streamed answer. One that was handed over stays; when there are no
/// others, the new connection is closed.
///
/// Life: listen(), start(), and stop() awaited to its end before the destructor. Strand: the I/O
/// thread; the handler runs there too, one call per connection at a time. The handler gets a HEAD
/// request as it is; the body of its answer is not sent. An exception of the handler becomes a 500
/// and a line in the log.
class Server {
  public:
    using Handler = std::function<base::Task<Response>(Request)>;

    /// Fails as listen_on() of protocol/http/listen.hpp, and with kInvalidInput for files of TLS
    /// that cannot be used.
    static base::Result<std::unique_ptr<Server>> listen(
        const boost::asio::any_io_executor& executor, ServerOptions options, Handler handler);
    /// On a socket that listens already, such as that of listen_on_unix(); the requests that come
    /// over a unix socket have a `peer`. Host and port of the options are not used.
    static std::unique_ptr<Server> on_socket(const boost::asio::any_io_executor& executor,
                                             ServerOptions options, Handler handler,
                                             base::UniqueFd listener);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void start();
    /// Accepts no more connections, closes idle ones, cancels the sources of streamed answers,
    /// waits up to `grace` for answers under way, and returns when no connection is left.
    base::Task<void> stop(std::chrono::milliseconds grace);
    [[nodiscard]] std::uint16_t port() const;

  private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace protocol::http
