#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

namespace protocol::http {

/// The process at the other end of a unix socket, as the kernel knew it when it connected (unix(7):
/// SO_PEERCRED, SO_PEERGROUPS).
struct Peer {
    uid_t user = 0;
    pid_t process = 0;
    std::vector<gid_t> groups;  ///< its group and its supplementary groups
};

/// nullopt when the kernel does not tell it, as for TCP.
std::optional<Peer> peer_of(int fd);

}  // namespace protocol::http
