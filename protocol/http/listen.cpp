#include "protocol/http/listen.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace protocol::http {

namespace {

struct Addresses {
    addrinfo* first = nullptr;
    Addresses() = default;
    ~Addresses() {
        if (first != nullptr) ::freeaddrinfo(first);
    }
    Addresses(const Addresses&) = delete;
    Addresses& operator=(const Addresses&) = delete;
};

base::Result<base::UniqueFd> listen_on(const addrinfo& address) {
    base::UniqueFd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return base::errno_error("open a socket");
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ai_family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0)
        return base::errno_error("bind");
    if (::listen(fd.get(), 64) != 0) return base::errno_error("listen");
    return fd;
}

}  // namespace

base::Result<base::UniqueFd> listen_on(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    // "::" takes IPv4 too, where the machine has IPv6; the name "" would try IPv4 first.
    const std::string name = host.empty() ? "::" : host;
    const std::string where = host + ":" + std::to_string(port);
    Addresses found;
    const int failed =
        ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found.first);
    if (failed != 0) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "listen on " + where + ": " + ::gai_strerror(failed));
    }
    base::Result<base::UniqueFd> bound =
        base::make_error(base::ErrorKind::kUnavailable, "no address");
    for (const addrinfo* entry = found.first; entry != nullptr; entry = entry->ai_next) {
        bound = listen_on(*entry);
        if (bound) return bound;
    }
    if (host.empty()) return listen_on("0.0.0.0", port);
    return bound.error().with_context("listen on " + where);
}

std::uint16_t port_of(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    if (::getsockname(fd, generic, &size) != 0) return 0;
    const void* raw = &address;
    return ntohs(address.ss_family == AF_INET6 ? static_cast<const sockaddr_in6*>(raw)->sin6_port
                                               : static_cast<const sockaddr_in*>(raw)->sin_port);
}

int family_of(int fd) {
    int family = AF_INET;
    socklen_t size = sizeof family;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
}

}  // namespace protocol::http
