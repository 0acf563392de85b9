#pragma once

#include <string>

/// Whether packets of the size that this place sends really arrive.
namespace executors::helper {

struct NetworkPath {
    std::string address;  ///< that was connected to
    std::string device;   ///< through which: "eth0"
    std::string error;    ///< why there is no connection, "" for none
    int packet = 0;       ///< bytes of the largest packet that the kernel would send there
    int passes = 0;       ///< bytes of the largest packet that the peer confirmed
};

/// Connects by TCP and sends one packet of the full size; when the peer's kernel does not confirm
/// it, smaller ones on more connections. What the service there makes of the bytes does not matter:
/// they begin an HTTP request that never ends. Takes at most fifteen seconds.
///
/// ICMP is not used: it needs rights, and many servers do not answer it. What passes is what counts
/// for TCP: when a router says that a packet is too large, the kernel sends smaller ones.
NetworkPath measure_path(const std::string& address, unsigned port);

}  // namespace executors::helper
