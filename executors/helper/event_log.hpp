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
/// The file holds whole records only. When the disk is full, records wait in memory, and blocked()
/// is true, so that no more output is read from the stages; retry() tries to write again.
class EventLog {
  public:
    /// Opens `events` in the directory, or makes it. Cuts off a record that a killed supervisor has
    /// left half written. Calls `on_old` with every record that is there: with the text of JSON
    /// records, without that of output. Throws Failure.
    EventLog(int directory,
             const std::function<void(const RecordHeader&, const std::string&)>& on_old);

    void append(RecordType type, base::OutputStream stream, std::uint16_t stage,
                std::string_view bytes);
    [[nodiscard]] bool blocked() const { return !backlog_.empty(); }
    void retry();
    /// The bytes of whole records in the file.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] int fd() const { return file_.get(); }

  private:
    void read_old(const std::function<void(const RecordHeader&, const std::string&)>& on_old);
    bool write_whole(std::string_view header, std::string_view bytes);

    UniqueFd file_;
    std::uint64_t size_ = 0;
    std::string backlog_;
};

}  // namespace executors::helper
