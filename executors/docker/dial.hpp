#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace executors::docker {

/// Whether somebody listens at an IP address, within a second. The connection is closed at once.
base::Task<base::Result<void>> dial(std::string address, int port);

/// The MTU of the interface that this machine's default route uses; 0 when it cannot be told.
int default_route_mtu();

}  // namespace executors::docker
