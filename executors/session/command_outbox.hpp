#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/notifier.hpp"
#include "base/task.hpp"
#include "executors/session/session_state.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// Keys of the commands that a record of a stage settles.
std::string run_key(std::uint16_t stage);
std::string stop_key(std::uint16_t stage);

/// The frames on their way to a job's supervisor, in order.
///
/// A command has a key and is sent again on every new connection until it is settled: the
/// supervisor carries it out once (executors/helper/protocol.hpp). A frame of an upload belongs to
/// one connection and is dropped with it.
///
/// Life: open(), write_to() until close(), and again for the next connection. `state` outlives it.
/// Strand: the I/O thread.
class CommandOutbox {
  public:
    using Stream = protocol::http::ByteStream;

    CommandOutbox(const boost::asio::any_io_executor& executor, SessionState& state)
        : state_(state), changed_(executor) {}

    /// Sends a command until settle(key). It takes the place of one that has the same key.
    void send(std::string key, std::string frame);
    void settle(std::string_view key);
    /// Sends a frame over the connection `connection`; drops it when that one is no longer open.
    void send_over(std::uint64_t connection, std::string frame);

    /// The number of the open connection; 0: none is open. No number comes twice.
    [[nodiscard]] std::uint64_t connection() const { return open_ ? connection_ : 0; }
    /// How many frames wait to be written. The state notifies when one was written.
    [[nodiscard]] std::size_t size() const { return queue_.size(); }

    /// A connection was made: it begins with `hello`, then come the commands not yet settled.
    void open(std::string hello);
    /// The connection was lost or ended.
    void close();
    /// Writes the frames of the open connection until close(). Closes the stream when it fails, so
    /// that its reader sees that too. Only one call at a time.
    base::Task<void> write_to(std::shared_ptr<Stream> stream);

  private:
    using Frame = std::shared_ptr<const std::string>;
    struct Command {
        std::string key;
        Frame frame;
    };
    void enqueue(Frame frame);

    SessionState& state_;
    std::list<Command> commands_;
    std::deque<Frame> queue_;
    std::uint64_t connection_ = 0;
    bool open_ = false;
    base::Notifier changed_;
};

}  // namespace executors::session
