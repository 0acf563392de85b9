#include "executors/helper/tcp_target.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>

namespace executors::helper {

TcpTarget tcp_target(const std::string& address, unsigned port) {
    TcpTarget out;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&out.address, &v4, sizeof v4);
        out.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&out.address, &v6, sizeof v6);
        out.size = sizeof v6;
        out.header = 60;
    }
    return out;
}

UniqueFd open_socket(const TcpTarget& target) {
    return UniqueFd(
        ::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace executors::helper
