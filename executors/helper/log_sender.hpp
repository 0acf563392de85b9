#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "executors/helper/event_log.hpp"

namespace executors::helper {

/// Sends the event log to one client, from the offset of its hello on, as the log grows.
///
/// Life: nothing is sent before begin(). `log` outlives it.
class LogSender {
  public:
    explicit LogSender(EventLog& log) : log_(log) {}

    /// False when `offset` is behind the end of the log.
    bool begin(std::uint64_t offset);
    [[nodiscard]] bool has_begun() const { return offset_.has_value(); }
    /// Sends as much as the non-blocking socket takes, up to a limit for one round of the loop.
    /// False when the connection is broken.
    bool send_to(int socket);
    /// Whether all of the log was sent; also before begin().
    [[nodiscard]] bool is_caught_up() const { return !offset_ || *offset_ >= log_.size(); }

  private:
    ssize_t send_some(int socket) const;

    EventLog& log_;
    std::optional<std::uint64_t> offset_;
};

}  // namespace executors::helper
