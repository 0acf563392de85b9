#include "executors/helper/log_sender.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace executors::helper {

namespace {

/// The loop reads the stages' pipes between two rounds of sending.
constexpr std::uint64_t kBytesPerRound = 4 * 1024 * 1024;

/// For a file system without sendfile.
std::array<char, 64 * 1024>& copy_buffer() {
    static std::array<char, 64 * 1024> buffer;
    return buffer;
}

}  // namespace

bool LogSender::begin(std::uint64_t offset) {
    if (offset > log_.size()) return false;
    offset_ = offset;
    return true;
}

ssize_t LogSender::send_some(int socket) const {
    auto offset = static_cast<off_t>(*offset_);
    const auto left = static_cast<std::size_t>(log_.size() - *offset_);
    const ssize_t sent = ::sendfile(socket, log_.fd(), &offset, std::min(left, kBytesPerRound));
    if (sent >= 0 || (errno != EINVAL && errno != ENOSYS)) return sent;
    auto& buffer = copy_buffer();
    const ssize_t got = ::pread(log_.fd(), buffer.data(), std::min(left, buffer.size()), offset);
    if (got <= 0) return got;
    return ::send(socket, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
}

bool LogSender::send_to(int socket) {
    const std::uint64_t stop = std::min(log_.size(), *offset_ + kBytesPerRound);
    while (*offset_ < stop) {
        const ssize_t sent = send_some(socket);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) break;
        if (sent <= 0) return false;
        *offset_ += static_cast<std::uint64_t>(sent);
    }
    return true;
}

}  // namespace executors::helper
