#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/message_reader.hpp"
#include "protocol/http/server.hpp"
#include "protocol/http/transport.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// One connection of the server: request, answer, request, … until a side ends it. Internal to
/// protocol/http.
///
/// Life: serve() once; the constructor's references outlive it. Strand: the I/O thread.
class ServerConnection {
  public:
    enum class State {
        kReading,     ///< waits for a request
        kAsking,      ///< the handler works
        kWriting,     ///< the peer reads an answer
        kStreaming,   ///< waits for the next piece of a streamed answer
        kHandedOver,  ///< the handler has the connection
        kClosed,
    };

    /// `group` runs what watches the peer of a streamed answer.
    ServerConnection(boost::asio::any_io_executor executor, const ServerOptions& options,
                     const Server::Handler& handler, base::TaskGroup& group,
                     std::unique_ptr<Transport> transport, std::optional<Peer> peer);

    base::Task<void> serve();
    /// At once, whatever is under way.
    void close();
    /// The server stops: a connection that is idle or was handed over is closed, a streamed answer
    /// ended; any other answer is the last one.
    void stop();
    [[nodiscard]] State state() const { return state_; }
    /// When the connection was made, or its last answer was read.
    [[nodiscard]] std::chrono::steady_clock::time_point last_use() const { return last_use_; }

  private:
    /// A streamed answer. Shared with the coroutine that watches the peer, which may end later.
    struct Stream {
        std::shared_ptr<Transport> transport;
        base::StopSource ended;
    };

    base::Task<bool> accept();
    /// Answers whether another request may follow.
    base::Task<bool> serve_request();
    base::Task<bool> read_request(RequestReader& reader, Watchdog& watchdog);
    base::Task<Response> ask_handler(Request request);
    base::Task<bool> write_answer(const Response& response, bool is_head, bool keep_alive);
    base::Task<void> hand_over(Response response, Watchdog& watchdog);
    base::Task<void> stream(const Response& response, bool is_head, bool chunked,
                            Watchdog& watchdog);
    base::Task<void> stream_pieces(const BodySource& source, bool chunked, Watchdog& watchdog);
    static base::Task<void> watch_peer(std::shared_ptr<Stream> stream);

    boost::asio::any_io_executor executor_;
    const ServerOptions& options_;
    const Server::Handler& handler_;
    base::TaskGroup& group_;
    std::shared_ptr<Transport> transport_;
    const std::optional<Peer> peer_;  ///< of a unix socket
    State state_ = State::kReading;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point last_use_ = std::chrono::steady_clock::now();
    std::string unread_;
    std::shared_ptr<Stream> stream_;  ///< while an answer is streamed
};

}  // namespace protocol::http
