#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "protocol/http/stream.hpp"
#include "protocol/http/websocket.hpp"

namespace runner::interactive {

/// Copies between a client's WebSocket and a shell until one of them ends (gitlab-workhorse's
/// channel protocol: the payload of every message is input or output, and there is no size of the
/// window). A client that does not answer pings is taken for gone.
///
/// Life: run() once. Strand: the I/O thread.
class TerminalBridge {
  public:
    /// `base64`: text messages in base64 instead of binary ones.
    TerminalBridge(const boost::asio::any_io_executor& executor,
                   std::unique_ptr<protocol::http::ByteStream> client,
                   std::shared_ptr<protocol::http::ByteStream> shell, bool base64);

    /// `ended` ends the terminal; its reason decides what the client is told.
    base::Task<void> run(base::StopSource& ended);

  private:
    using Clock = std::chrono::steady_clock;

    base::Task<void> from_client();
    base::Task<base::Result<void>> from_shell();
    base::Task<void> keep_alive();
    /// False when the terminal ends.
    base::Task<bool> take(protocol::http::WebSocketMessage message);
    base::Task<bool> give_to_shell(protocol::http::WebSocketMessage message);
    /// One frame at a time; false when the client takes nothing any more.
    base::Task<bool> write(std::string frame);
    /// Tells the client why, and gives it a moment for its own end.
    base::Task<void> close(const base::StopSource& ended);
    base::Task<void> linger();

    std::unique_ptr<protocol::http::ByteStream> client_;
    std::shared_ptr<protocol::http::ByteStream> shell_;
    const bool base64_;
    bool writing_ = false;
    bool over_ = false;  ///< nothing more is to be written but the end
    bool close_sent_ = false;
    bool client_ended_ = false;
    Clock::time_point heard_ = Clock::now();
    base::Notifier written_;
    base::TaskGroup group_;
};

}  // namespace runner::interactive
