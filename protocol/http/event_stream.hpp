#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace protocol::http {

/// One event of a stream of server-sent events.
struct ServerEvent {
    std::string type = "message";
    std::string data;  ///< its lines, joined by line feeds
    std::string id;    ///< of this event or of the last one that had an id
};

/// Bytes → server-sent events (HTML standard, "Interpreting an event stream"). Pure; feed it pieces
/// of any size.
class EventStreamReader {
  public:
    static constexpr std::size_t kLargestEvent = 16U << 20U;

    /// kProtocol for an event of more than kLargestEvent bytes.
    base::Result<void> feed(std::string_view bytes);
    /// The next complete event; nullopt when more bytes are needed.
    std::optional<ServerEvent> next();

  private:
    void take_line();
    void take_field(std::string_view name, std::string_view value);
    void dispatch();

    std::string line_;
    bool after_cr_ = false;   ///< a line feed that follows belongs to the line end before
    bool first_line_ = true;  ///< may begin with a byte order mark
    std::string type_;
    std::string data_;
    bool has_data_ = false;
    std::string id_;
    std::deque<ServerEvent> events_;
};

}  // namespace protocol::http
