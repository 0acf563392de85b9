#include "executors/helper/event_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace executors::helper {

EventLog::EventLog(int directory,
                   const std::function<void(const RecordHeader&, const std::string&)>& on_old)
    : file_(::openat(directory, kEventsName.data(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                     0600)) {
    if (!file_) fail_errno("open the event log");
    read_old(on_old);
    if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) fail_errno("cut the event log");
}

void EventLog::read_old(
    const std::function<void(const RecordHeader&, const std::string&)>& on_old) {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) fail_errno("read the event log");
    const auto end = static_cast<std::uint64_t>(status.st_size);
    std::array<char, kHeaderBytes> bytes{};
    while (size_ + kHeaderBytes <= end) {
        const auto got =
            ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (got != static_cast<ssize_t>(bytes.size())) return;
        const RecordHeader header = decode_header(bytes.data());
        if (!is_valid(header) || size_ + kHeaderBytes + header.length > end) return;
        std::string text(header.type == RecordType::kOutput ? 0 : header.length, '\0');
        const auto where = static_cast<off_t>(size_ + kHeaderBytes);
        if (::pread(file_.get(), text.data(), text.size(), where) < 0) return;
        on_old(header, text);
        size_ += kHeaderBytes + header.length;
    }
}

bool EventLog::write_whole(std::string_view header, std::string_view bytes) {
    std::size_t done = 0;
    const std::size_t total = header.size() + bytes.size();
    while (done < total) {
        std::array<iovec, 2> parts{};
        int count = 0;
        if (done < header.size()) {
            parts[0] = {const_cast<char*>(header.data()) + done, header.size() - done};
            parts[1] = {const_cast<char*>(bytes.data()), bytes.size()};
            count = 2;
        } else {
            const std::size_t skip = done - header.size();
            parts[0] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
            count = 1;
        }
        const auto where = static_cast<off_t>(size_ + done);
        const ssize_t written = ::pwritev(file_.get(), parts.data(), count, where);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;  // what was written lies behind size_ and is written over
        done += static_cast<std::size_t>(written);
    }
    size_ += total;
    return true;
}

void EventLog::append(RecordType type, base::OutputStream stream, std::uint16_t stage,
                      std::string_view bytes) {
    RecordHeader header;
    header.length = static_cast<std::uint32_t>(bytes.size());
    header.type = type;
    header.stream = stream;
    header.stage = stage;
    header.time_us = static_cast<std::uint64_t>(now_us());
    const auto encoded = encode_header(header);
    const std::string_view head(encoded.data(), encoded.size());
    if (backlog_.empty() && write_whole(head, bytes)) return;
    if (backlog_.empty()) std::perror("runner-helper: write the event log, will be retried");
    backlog_.append(head);
    backlog_.append(bytes);
}

void EventLog::retry() {
    if (!backlog_.empty() && write_whole(backlog_, {})) backlog_.clear();
}

}  // namespace executors::helper
