#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "executors/helper/posix.hpp"
#include "executors/helper/protocol.hpp"

namespace executors::helper {

/// The job's append-only event log (protocol.hpp).
///
/// A record is in the file whole or not at all: when the disk is full, records wait in memory,
/// blocked() is true so that nobody reads more output, and retry() tries again.
class EventLog {
  public:
    /// Opens or makes `events` in the directory; a record that a killed supervisor left half
    /// written is cut off. `on_old` is told every record that is there already, JSON with its text.
    /// Throws Failure.
    EventLog(int directory,
             const std::function<void(const RecordHeader&, const std::string&)>& on_old);

    void append(RecordType type, base::OutputStream stream, std::uint16_t stage,
                std::string_view bytes);
    [[nodiscard]] bool blocked() const { return !backlog_.empty(); }
    void retry();
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] int fd() const { return file_.get(); }

  private:
    void read_old(const std::function<void(const RecordHeader&, const std::string&)>& on_old);
    bool write_whole(std::string_view header, std::string_view bytes);

    Fd file_;
    std::uint64_t size_ = 0;
    std::string backlog_;
};

}  // namespace executors::helper
