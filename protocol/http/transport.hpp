#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_part.hpp"
#include "protocol/http/stream.hpp"

namespace protocol::http {

/// A TCP or unix socket: one type, so that the layers above are compiled once.
using Socket = boost::asio::generic::stream_protocol::socket;

/// The bytes below an HTTP connection: a ByteStream and what else HTTP needs. Internal to
/// protocol/http.
class Transport : public ByteStream {
  public:
    using Pieces = std::array<std::string_view, 3>;

    /// What a server does before the first byte: the handshake of TLS.
    virtual base::Task<base::Result<void>> accept();
    /// Writes the pieces in order. Joins them first only where that is cheaper.
    virtual base::Task<base::Result<void>> write_pieces(Pieces pieces) = 0;
    /// Writes `head`, then the file's part. kInternal when the part cannot be read; the stream
    /// cannot be used then, because the peer waits for the rest.
    virtual base::Task<base::Result<void>> write_file(std::string_view head, base::FilePart part);
    /// Whether the peer has sent bytes that were not read yet, or has closed. Does not wait.
    virtual bool has_unread_input() = 0;
    /// Issuers of the peer's certificate as PEM, "" without TLS.
    [[nodiscard]] virtual std::string peer_ca_chain() const { return {}; }
    /// The earliest end of the peer's certificate and its issuers, in seconds since 1970; 0 without
    /// TLS.
    [[nodiscard]] virtual std::int64_t certificate_end() const { return 0; }

    base::Task<base::Result<void>> write_all(std::string_view bytes) override;
};

std::unique_ptr<Transport> make_plain_transport(Socket socket);

}  // namespace protocol::http
