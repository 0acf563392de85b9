#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "base/task_group.hpp"
#include "executors/session/command_outbox.hpp"
#include "executors/session/event_reader.hpp"
#include "executors/session/reconnect_policy.hpp"
#include "executors/session/session_state.hpp"
#include "protocol/http/stream.hpp"

namespace executors::session {

/// The connection to a job's supervisor: made, read and written, and made again when it is lost.
///
/// Life: run() once; it ends when the conversation is over (SessionState), when it is cancelled, or
/// when ReconnectPolicy gives up. All references outlive run(). Strand: the I/O thread.
class SupervisorLink {
  public:
    using Stream = protocol::http::ByteStream;
    using Connector = std::function<base::Task<base::Result<std::unique_ptr<Stream>>>()>;

    SupervisorLink(const boost::asio::any_io_executor& executor, Connector connector,
                   SessionState& state, CommandOutbox& outbox, EventReader& events,
                   std::chrono::milliseconds give_up);

    base::Task<void> run();
    /// Ends the conversation with kUnavailable, and the connection with it.
    void close();
    /// From now on a lost connection is not made again.
    void expect_shutdown() { shutting_down_ = true; }
    /// Another connection to the same supervisor, for the caller.
    base::Task<base::Result<std::unique_ptr<Stream>>> connect() { return connector_(); }

  private:
    base::Task<ReconnectPolicy::Attempt> try_once();
    base::Task<base::Result<void>> converse(std::shared_ptr<Stream> stream);

    Connector connector_;
    SessionState& state_;
    CommandOutbox& outbox_;
    EventReader& events_;
    const std::chrono::milliseconds give_up_;
    bool shutting_down_ = false;
    std::shared_ptr<Stream> stream_;
    base::TaskGroup writers_;
};

}  // namespace executors::session
