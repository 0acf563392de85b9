#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace runner::commands {

struct HealthTarget {
    std::string host;
    std::string port;
    bool operator==(const HealthTarget&) const = default;
};

/// What `health-check` waits for: the ports on this machine; without any, the variables
/// <NAME>_TCP_ADDR and <NAME>_TCP_PORT of `environment` (a null-terminated array of NAME=VALUE).
/// kInvalidInput when neither is given, or a port is no port. Pure.
base::Result<std::vector<HealthTarget>> health_targets(const std::vector<std::string>& ports,
                                                       const char* const* environment);

}  // namespace runner::commands
