#include "protocol/http/peer.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace protocol::http {

std::optional<Peer> peer_of(int fd) {
    struct ucred credentials {};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
    Peer peer{credentials.uid, credentials.pid, {}};
    size = 0;
    // The first call tells how many there are.
    const int counted = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size);
    if (counted != 0 && errno == ERANGE) {
        peer.groups.resize(size / sizeof(gid_t));
        if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) != 0) {
            peer.groups.clear();
        }
    }
    peer.groups.push_back(credentials.gid);
    return peer;
}

}  // namespace protocol::http
