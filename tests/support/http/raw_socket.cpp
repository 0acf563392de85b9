#include "tests/support/http/raw_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace tests {

RawSocket::RawSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::connect(fd_, generic, sizeof address) != 0) throw std::runtime_error("connect failed");
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

RawSocket::~RawSocket() { ::close(fd_); }

void RawSocket::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawSocket::dribble(std::string_view bytes) {
    for (const char c : bytes) {
        write({&c, 1});
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

std::string RawSocket::read_until(std::string_view end) {
    std::string text;
    std::array<char, 4096> bytes{};
    while (end.empty() || text.find(end) == std::string::npos) {
        const auto count = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (count <= 0) break;
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
}

std::string RawSocket::read_to_end() { return read_until(""); }

}  // namespace tests
