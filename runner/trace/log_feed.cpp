#include "runner/trace/log_feed.hpp"

#include <algorithm>
#include <utility>

#include "base/file_part.hpp"
#include "runner/trace/utf8_repair.hpp"

namespace runner::trace {

void LogFeed::grow(std::uint64_t bytes) {
    if (bytes <= size_) return;
    size_ = bytes;
    changed_.notify_all();
}

void LogFeed::end(LogEnd how) {
    if (!end_) end_ = std::move(how);
    changed_.notify_all();
}

base::Task<void> LogFeed::wait_for(std::chrono::nanoseconds limit) {
    const bool notified = co_await changed_.wait_for(limit);
    static_cast<void>(notified);  // the caller looks at the state
}

base::Result<std::string> LogFeed::read(std::uint64_t offset, std::size_t most) const {
    if (offset >= size_) return std::string();
    // One byte more than asked for shows whether the cut is between two characters.
    const std::uint64_t count = std::min<std::uint64_t>(size_ - offset, most + 1);
    std::string bytes(static_cast<std::size_t>(count), '\0');
    base::FilePart part{file_.get(), offset, count};
    auto filled = base::read_front(part, bytes);
    if (!filled) return filled.error().with_context("read the job log");
    bytes.resize(utf8_cut(bytes, std::min(most, bytes.size())));
    return bytes;
}

}  // namespace runner::trace
