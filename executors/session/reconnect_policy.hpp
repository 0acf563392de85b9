#pragma once

#include <chrono>
#include <optional>

#include "base/result.hpp"

namespace executors::session {

/// Decides after every connection to a job's supervisor whether another one is made, and when.
///
/// The pause doubles from 20 ms to 2 s. A connection that worked makes the pause short again and
/// begins a new `give_up` time. These failures end the conversation at once: the environment is
/// gone (kNotFound), the supervisor breaks the protocol, a shutdown was requested. Bytes that are
/// no record at the very start of a connection are an exception, for three connections in a row: an
/// engine whose container has just ended writes its message there, and the next try to connect
/// finds the container ended and says so.
///
/// Pure: the caller gives the time.
class ReconnectPolicy {
  public:
    using Clock = std::chrono::steady_clock;

    /// A connection that has ended, or that could not be made.
    struct Attempt {
        /// Why it ended. A supervisor that hangs up is kUnavailable.
        base::Error error;
        /// From the connection to its end; 0 when it could not be made.
        std::chrono::nanoseconds lasted{0};
        /// Whether it delivered any bytes.
        bool has_delivered = false;
        /// Whether it delivered a whole record.
        bool has_delivered_record = false;
        /// Whether a shutdown was requested.
        bool shutting_down = false;
    };

    /// `give_up`: how long the supervisor may stay unreachable.
    ReconnectPolicy(Clock::time_point now, std::chrono::milliseconds give_up)
        : give_up_(give_up), lost_at_(now) {}

    /// How long to wait before the next connection; nothing: there is none.
    std::optional<std::chrono::milliseconds> next_pause(const Attempt& attempt,
                                                        Clock::time_point now);

  private:
    bool is_hopeless(const Attempt& attempt);

    std::chrono::milliseconds give_up_;
    std::chrono::milliseconds pause_{0};
    /// Since when no connection has worked.
    Clock::time_point lost_at_;
    /// Connections in a row that began with something else than a record.
    int garbled_ = 0;
};

}  // namespace executors::session
