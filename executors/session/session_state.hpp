#pragma once

#include <optional>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace executors::session {

/// Whether the conversation with a job's supervisor goes on, and the event that all calls wait for.
///
/// A call waits in a loop: it looks at its own condition, then awaits wait_change(). Strand: the
/// I/O thread.
class SessionState {
  public:
    explicit SessionState(const boost::asio::any_io_executor& executor) : changed_(executor) {}

    /// The conversation is over: calls fail with `error`. Only the first end counts.
    void fail(base::Error error);
    /// The supervisor has said that it ends, after shutdown() or by itself.
    void end();
    [[nodiscard]] bool is_over() const { return failure_.has_value() || ended_; }
    [[nodiscard]] bool has_ended() const { return ended_; }

    /// Wakes all calls that wait now.
    void notify_all() { changed_.notify_all(); }
    /// Returns after the next change. Fails at once when the conversation is over, with the error
    /// of fail() or kUnavailable; kCancelled when the call is cancelled.
    base::Task<base::Result<void>> wait_change();

  private:
    std::optional<base::Error> failure_;
    bool ended_ = false;
    base::Notifier changed_;
};

}  // namespace executors::session
