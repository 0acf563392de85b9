#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/command_outbox.hpp"
#include "executors/session/replies.hpp"
#include "executors/session/session_state.hpp"
#include "protocol/http/message.hpp"

namespace executors::session {

/// Sends the content of files and archives to a job's supervisor, one upload at a time; the others
/// wait for their turn. An upload lives on one connection and is not repeated on the next one.
///
/// All references outlive it. Strand: the I/O thread.
class Uploader {
  public:
    Uploader(SessionState& state, CommandOutbox& outbox, Replies& replies)
        : state_(state), outbox_(outbox), replies_(replies) {}

    /// Sends the command `frame`, whose id is `id`, then all that `source` gives, and waits for the
    /// answer. Fails with kUnavailable when the connection is lost meanwhile, with kIo and the
    /// supervisor's sentence when it could not do it, as `source` does, and as
    /// SessionState::wait_change() does. The supervisor is told of an upload that is not finished.
    base::Task<base::Result<void>> upload(std::string id, std::string frame,
                                          protocol::http::BodySource source);

  private:
    class Turn;

    base::Task<base::Result<void>> send_body(const Turn& turn, protocol::http::BodySource& source);
    base::Task<base::Result<void>> send_chunk(const Turn& turn, std::string_view chunk);
    base::Task<base::Result<Notice>> wait_answer(const Turn& turn);

    SessionState& state_;
    CommandOutbox& outbox_;
    Replies& replies_;
    bool busy_ = false;
};

}  // namespace executors::session
