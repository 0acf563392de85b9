#pragma once

#include <cstdint>
#include <string>

#include "base/files.hpp"
#include "base/result.hpp"

namespace protocol::http {

/// A TCP socket that listens on an address or name; "" for all interfaces, port 0 for a free one.
/// kInvalidInput when the name cannot be resolved, else an error of bind(2) with the address.
base::Result<base::UniqueFd> listen_on(const std::string& host, std::uint16_t port);

/// The port of a socket, 0 when the kernel does not tell it.
std::uint16_t port_of(int fd);
/// AF_INET or AF_INET6.
int family_of(int fd);

}  // namespace protocol::http
