#pragma once

#include <cstdint>
#include <string>

namespace executors::helper {

struct ConnectOptions {
    std::string directory;
    bool spawn = false;        ///< start a supervisor when none listens
    std::int64_t wait_ms = 0;  ///< how long the socket may take to appear
};

/// `runner-helper connect`: joins standard input and output with the supervisor's socket until
/// either side ends. What the daemon runs in a container to reach the supervisor. Throws Failure.
int connect_and_copy(const ConnectOptions& options);

}  // namespace executors::helper
