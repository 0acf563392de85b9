#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace runner::interactive {

/// Where the session server listens, and how GitLab reaches it (runner-protocol.md §3.4).
struct Addresses {
    std::string listen_host;  ///< "" for all interfaces
    std::uint16_t listen_port = 0;
    std::string advertised;        ///< "host:port" or "host", which is port 443
    std::string certificate_host;  ///< the host of it: a name or an IP address without brackets
};

/// `listen` and `advertise` are the keys of [session_server]; without `advertise`, `listen` is
/// used, and must have a host. kInvalidInput names the key and the remedy.
base::Result<Addresses> read_addresses(const std::string& listen, const std::string& advertise);

}  // namespace runner::interactive
