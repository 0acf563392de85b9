#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/files.hpp"
#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace runner::trace {

/// How a job ended, for those who read its log.
struct LogEnd {
    bool success = false;
    std::string reason = {};   ///< GitLab's word: "script_failure"; "" for success
    std::string message = {};  ///< the sentence for people, masked; "" for success
};

/// The masked log of one job for readers beside the upload: what a checkpoint covers, and an event
/// for each growth. The writer only tells how far the file may be read, so a slow reader never
/// holds it up.
///
/// Life: shared by the writer and the readers. It keeps the file readable after the job has removed
/// it. Strand: the I/O thread.
class LogFeed {
  public:
    /// `file`: a descriptor of the spool, of its own; the first `bytes` bytes may be read.
    LogFeed(const boost::asio::any_io_executor& executor, base::UniqueFd file, std::uint64_t bytes)
        : file_(std::move(file)), size_(bytes), changed_(executor) {}

    /// For the writer: now `bytes` bytes may be read.
    void grow(std::uint64_t bytes);
    /// For the writer: nothing follows. Only the first call counts.
    void end(LogEnd how);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const std::optional<LogEnd>& ended() const { return end_; }
    /// Returns when the log has grown or ended, or `limit` has passed.
    base::Task<void> wait_for(std::chrono::nanoseconds limit);
    /// The bytes from `offset` that may be read, as many as `most` or a little less, so that no
    /// character is cut. "" when there are none.
    [[nodiscard]] base::Result<std::string> read(std::uint64_t offset, std::size_t most) const;

  private:
    base::UniqueFd file_;
    std::uint64_t size_ = 0;
    std::optional<LogEnd> end_;
    base::Notifier changed_;
};

}  // namespace runner::trace
