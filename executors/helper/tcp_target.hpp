#pragma once

#include <sys/socket.h>

#include <string>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Where a TCP connection shall go.
struct TcpTarget {
    sockaddr_storage address{};
    socklen_t size = 0;  ///< 0: the address cannot be used
    int header = 40;     ///< bytes of IP and TCP without options
};

/// `address` is an IP address: a static program cannot resolve names.
TcpTarget tcp_target(const std::string& address, unsigned port);

/// A socket for it that does not block; an empty one and errno when there is none.
UniqueFd open_socket(const TcpTarget& target);

}  // namespace executors::helper
