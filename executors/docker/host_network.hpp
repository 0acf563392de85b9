#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace executors::docker {

/// Success when a program listens at a TCP port of an IP address; waits for at most one second. The
/// connection is closed at once.
base::Task<base::Result<void>> check_tcp_port(std::string address, int port);

/// The MTU of the interface of this machine's default route, in bytes; 0 when it cannot be found.
int default_route_mtu();

}  // namespace executors::docker
