#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace executors::helper {

struct ConnectOptions {
    std::string directory;
    bool spawn = false;        ///< start a supervisor when none listens
    std::int64_t wait_ms = 0;  ///< how long the socket may take to appear
    bool held = false;         ///< the job is not known yet: waits for its release (hold.hpp)
    /// Directories that a former job of root may have left to the job's user: they are handed over.
    std::vector<std::string> hand_over;
    std::string user;  ///< of the job's scripts; "" for the supervisor's
};

/// `runner-helper connect`: copies between standard input and output and the supervisor's socket
/// until either side ends. The daemon runs it in a container to reach the supervisor. Throws
/// Failure when it cannot connect.
int connect_and_copy(const ConnectOptions& options);

}  // namespace executors::helper
