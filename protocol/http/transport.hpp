#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_part.hpp"
#include "protocol/http/stream.hpp"

namespace protocol::http {

/// TCP and unix sockets alike: one type, so that what is above is compiled once.
using Socket = boost::asio::generic::stream_protocol::socket;

/// What a connection is made of: a ByteStream with what HTTP needs besides. Internal to
/// protocol/http.
class Transport : public ByteStream {
  public:
    using Pieces = std::array<std::string_view, 3>;

    /// The pieces in order, without putting them together first where that costs more than it
    /// saves.
    virtual base::Task<base::Result<void>> write_pieces(Pieces pieces) = 0;
    /// `head`, then the file's part. A part that cannot be read answers kInternal, and the stream
    /// is of no use any more: the peer waits for the rest.
    virtual base::Task<base::Result<void>> write_file(std::string_view head, base::FilePart part);
    /// Whether the peer has said something that nobody has read yet, or has closed. Does not wait.
    virtual bool has_news() = 0;
    /// Issuers of the peer's certificate as PEM, "" without TLS.
    [[nodiscard]] virtual std::string peer_ca_chain() const { return {}; }

    base::Task<base::Result<void>> write_all(std::string_view bytes) override;
};

std::unique_ptr<Transport> make_plain_transport(Socket socket);

}  // namespace protocol::http
