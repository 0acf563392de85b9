#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/http/event_stream.hpp"

namespace runner::commands {

/// A job's log from the daemon's stream of events (/jobs/ID/log) → text. Pure. It goes over several
/// streams when a connection ends too early: the next one begins at offset().
class LogReader {
  public:
    /// How the job ended.
    struct End {
        bool success = false;
        std::string reason;
    };

    explicit LogReader(std::uint64_t offset) : offset_(offset) {}

    /// A new stream begins.
    void restart() { events_ = {}; }
    /// Answers the text that the bytes complete. kProtocol for what is no such stream.
    base::Result<std::string> feed(std::string_view bytes);
    /// The byte of the log that comes next.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    [[nodiscard]] const std::optional<End>& end() const { return end_; }

  private:
    base::Result<std::string> take(const protocol::http::ServerEvent& event);

    protocol::http::EventStreamReader events_;
    std::uint64_t offset_;
    std::optional<End> end_;
};

}  // namespace runner::commands
