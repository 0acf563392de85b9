#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/http/message.hpp"

/// The server's side of WebSocket (RFC 6455), version 13 without extensions. Pure.
namespace protocol::http {

/// Whether the request asks for the connection to become a WebSocket.
bool asks_for_websocket(const Request& request);

/// The answer 101, or the refusal of a request that is not a right one: 400, 426 for another
/// version. The first of the client's subprotocols that stands in `known` is chosen; none when the
/// client knows none of them.
Response websocket_answer(const Request& request, const std::vector<std::string_view>& known);
/// The subprotocol that an answer 101 names, or "".
std::string_view chosen_subprotocol(const Response& answer);

enum class WebSocketKind : std::uint8_t {
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10,
};

/// Why a side ends (RFC 6455, section 7.4).
enum class WebSocketEnd : std::uint16_t {
    kNormal = 1000,
    kGoingAway = 1001,
    kProtocolError = 1002,
    kPolicyViolation = 1008,
    kTooLarge = 1009,
    kInternalError = 1011,
};

struct WebSocketMessage {
    WebSocketKind kind = WebSocketKind::kBinary;
    std::string payload;
};

/// A frame as a server sends it.
std::string websocket_frame(WebSocketKind kind, std::string_view payload);
/// `reason` is cut to what fits.
std::string websocket_close(WebSocketEnd code, std::string_view reason);

/// Bytes of a client → messages. Feed it pieces of any size.
class WebSocketReader {
  public:
    /// `max_bytes`: of a message, all its fragments together.
    explicit WebSocketReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// The messages that are complete now; control frames come between the fragments of others.
    /// After an error the connection is to be closed with end().
    base::Result<std::vector<WebSocketMessage>> feed(std::string_view bytes);
    [[nodiscard]] WebSocketEnd end() const { return end_; }

  private:
    struct Header {
        bool last = false;
        std::uint8_t opcode = 0;
        std::uint64_t length = 0;
        std::size_t size = 0;  ///< with the mask; 0: more bytes are needed
    };
    base::Result<Header> read_header() const;
    base::Result<void> check(const Header& header);
    [[nodiscard]] std::string payload_of(const Header& header) const;
    base::Error fail(WebSocketEnd end, std::string why);

    std::size_t max_bytes_;
    std::string unread_;
    std::string fragments_;
    std::uint8_t fragmented_ = 0;  ///< the opcode of the message whose fragments come, 0 for none
    WebSocketEnd end_ = WebSocketEnd::kProtocolError;
};

}  // namespace protocol::http
