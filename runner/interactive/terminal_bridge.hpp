#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "protocol/http/stream.hpp"
#include "protocol/http/websocket.hpp"

namespace runner::interactive {

/// Copies between a client's WebSocket and a shell until one of them ends (gitlab-workhorse's
/// channel protocol: the payload of every message is input or output, and there is no size of the
/// window). A client that says nothing, not even answers to pings, or takes nothing of what is
/// written is taken for gone. Its silence does not count while the shell does not take its input,
/// because nothing is read from it then.
///
/// Life: run() once. Strand: the I/O thread.
class TerminalBridge {
  public:
    struct Limits {
        std::chrono::milliseconds ping_every = std::chrono::seconds(30);
        std::chrono::milliseconds silence = std::chrono::seconds(90);
    };
    /// `base64`: text messages in base64 instead of binary ones.
    TerminalBridge(const boost::asio::any_io_executor& executor,
                   std::unique_ptr<protocol::http::ByteStream> client,
                   std::shared_ptr<protocol::http::ByteStream> shell, bool base64, Limits limits);

    /// `ended` ends the terminal; its reason decides what the client is told.
    base::Task<void> run(base::StopSource& ended);

  private:
    using Clock = std::chrono::steady_clock;

    /// What the client shows of itself.
    struct Life {
        std::optional<Clock::time_point> heard =
            Clock::now();  ///< none while the shell takes input
        std::optional<Clock::time_point> writing_since;
        bool gone = false;  ///< it is taken for that
        /// When it is taken for gone if nothing happens before.
        [[nodiscard]] Clock::time_point limit(Clock::duration silence) const;
    };

    base::Task<void> from_client();
    base::Task<base::Result<void>> from_shell();
    base::Task<void> keep_alive();
    /// Ends the terminal of a client that is gone. It writes nothing: a write may have to wait.
    base::Task<void> watch_silence();
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
    const Limits limits_;
    Life life_;
    bool over_ = false;  ///< nothing more is to be written but the end
    bool close_sent_ = false;
    bool client_ended_ = false;
    base::Notifier written_;
    base::TaskGroup group_;
};

}  // namespace runner::interactive
