#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/stream.hpp"
#include "protocol/http/tls_settings.hpp"

namespace protocol::http {

struct ClientOptions {
    /// "http://host[:port]", "https://…", or "unix:///path". A path after the host is ignored: the
    /// target of a request is absolute.
    std::string endpoint;
    TlsSettings tls;
    /// Where it is not empty, each connection is this program (looked up in PATH first), whose
    /// standard input and output have the bytes. `endpoint` names the host for messages only.
    std::vector<std::string> program;
    std::string user_agent;
    /// Honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
    bool proxy_from_environment = false;
    std::chrono::seconds connect_limit{30};
    std::chrono::seconds handshake_limit{10};
    std::chrono::seconds header_limit{600};  ///< until the header of the answer is complete
    std::chrono::seconds total_limit{3600};  ///< whole exchange; 0 for none (streams)
    std::chrono::seconds idle_limit{90};     ///< an unused connection is closed after this
    std::chrono::seconds max_age{900};       ///< an older connection is not reused; 0: no limit
    std::size_t max_idle_connections = 4;
    std::size_t max_body_bytes = 8U << 20U;  ///< of a buffered answer
    unsigned max_redirects = 10;             ///< 0: a 3xx is answered as it is
};

/// An answer whose body is read piece by piece.
class StreamingResponse {
  public:
    virtual ~StreamingResponse() = default;
    [[nodiscard]] virtual const Response& head() const = 0;  ///< body stays empty
    /// The next bytes, at most `limit`; "" at the end of the body.
    virtual base::Task<base::Result<std::string>> read_some(std::size_t limit) = 0;
};

/// A client of one peer, with as many kept-alive connections as are needed at the same time.
///
/// Strand: the I/O thread; calls may overlap. Failures: kUnavailable (name, connect, reset; the
/// sentence names host and port), kTimeout, kUnauthorized for a certificate that is not trusted,
/// kProtocol for an answer that is not HTTP or too large, kCancelled. Any status is a success here.
/// When the peer has closed a reused connection in the meantime, the request is sent once more on a
/// new one, unless it has a source. Cancelling a call closes its connection.
class Client {
  public:
    virtual ~Client() = default;
    virtual base::Task<base::Result<Response>> send(Request request) = 0;
    virtual base::Task<base::Result<std::unique_ptr<StreamingResponse>>> open(Request request) = 0;
    /// For calls whose answer 101 or 200 turns the connection into a raw stream (Docker's attach
    /// and exec). Another status is an Error whose message has the beginning of the body. The
    /// stream begins with the bytes that came after the header.
    virtual base::Task<base::Result<std::unique_ptr<ByteStream>>> upgrade(Request request) = 0;
    virtual void close_idle() = 0;
    /// The issuers of the peer's certificate in the last TLS handshake, as PEM, the nearest first;
    /// "" without TLS.
    [[nodiscard]] virtual std::string peer_ca_chain() const = 0;
};

base::Result<std::unique_ptr<Client>> make_client(const boost::asio::any_io_executor& executor,
                                                  ClientOptions options);

/// A plain connection to a unix socket (the supervisor of the shell executor).
base::Task<base::Result<std::unique_ptr<ByteStream>>> connect_unix(std::string path);

}  // namespace protocol::http
