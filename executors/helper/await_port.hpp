#pragma once

#include <string>
#include <vector>

namespace executors::helper {

struct AwaitPortOptions {
    std::string address;  ///< an IP address
    std::vector<unsigned> ports;
    long long limit_ms = 30'000;
};

/// Tries all ports at the same time, again and again. Answers the exit code: 0 as soon as one of
/// them takes a connection, 1 when none did so in time.
int await_port(const AwaitPortOptions& options);

}  // namespace executors::helper
