#include "base/journal_entry.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace base {

namespace {

constexpr std::size_t kLongestName = 64;

bool address_of(const std::string& path, sockaddr_un& address) {
    address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return false;
    std::copy(path.begin(), path.end(), address.sun_path);
    return true;
}

bool send_message(int socket, msghdr& message) {
    ssize_t sent = -1;
    do {
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

/// A file in memory with `content`, which nobody can change any more; -1 when there is none.
int sealed_file(std::string_view content) {
    const int file = ::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -1;
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (content.empty() && ::fcntl(file, F_ADD_SEALS, kSeals) == 0) return file;
    ::close(file);
    return -1;
}

}  // namespace

bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat about {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &about) != 0) return false;
    return std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) == stream;
}

std::string journal_field_name(std::string_view key) {
    std::string name;
    for (const char c : key) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        const char used = lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
        const bool letter = used >= 'A' && used <= 'Z';
        if (name.size() < kLongestName && (letter || !name.empty())) name += used;
    }
    return name.empty() ? "FIELD" : name;
}

void JournalEntry::add(std::string_view name, std::string_view value) {
    bytes_ += name;
    if (value.find('\n') == std::string_view::npos) {
        bytes_ += '=';
    } else {
        bytes_ += '\n';
        const auto length = static_cast<std::uint64_t>(value.size());
        for (unsigned shift = 0; shift < 64; shift += 8) {
            bytes_ += static_cast<char>((length >> shift) & 0xffU);
        }
    }
    bytes_ += value;
    bytes_ += '\n';
}

JournalSocket::JournalSocket(std::string path)
    : path_(std::move(path)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

JournalSocket::~JournalSocket() {
    if (socket_ >= 0) ::close(socket_);
}

bool JournalSocket::send(std::string_view entry) const {
    sockaddr_un address{};
    if (socket_ < 0 || !address_of(path_, address)) return false;
    std::string bytes(entry);
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (send_message(socket_, message)) return true;
    return (errno == EMSGSIZE || errno == ENOBUFS) && send_as_file(entry);
}

bool JournalSocket::send_as_file(std::string_view entry) const {
    sockaddr_un address{};
    if (!address_of(path_, address)) return false;
    const int file = sealed_file(entry);
    if (file < 0) return false;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof(int));
    const bool sent = send_message(socket_, message);
    ::close(file);
    return sent;
}

}  // namespace base
