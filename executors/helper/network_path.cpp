#include "executors/helper/network_path.hpp"

#include <ifaddrs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
// After netinet/in.h: it has what netinet/tcp.h does not have in all libraries.
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>

#include "executors/helper/posix.hpp"
#include "executors/helper/tcp_target.hpp"

namespace executors::helper {

namespace {

/// The kernel asks again after 1, 3 and 7 s. A machine that starts and removes many containers can
/// lose the first two or three: their interfaces all wait for one lock.
constexpr int kConnectMs = 15000;
constexpr int kFullSizeMs = 2500;
constexpr int kSmallerMs = 1000;
constexpr int kStepMs = 10;
constexpr int kTimestamps = 12;

/// Sizes at which tunnels and links end: PPPoE, VXLAN, WireGuard, IPsec, the least of IPv6 and
/// IPv4.
constexpr int kUsualSizes[] = {8942, 1492, 1480, 1476, 1472, 1462, 1460, 1450, 1442, 1440,
                               1430, 1420, 1412, 1400, 1392, 1380, 1376, 1360, 1350, 1340,
                               1320, 1300, 1280, 1240, 1200, 1100, 1000, 800,  576};

/// Answers errno, 0 for a connection.
int connect_to(const UniqueFd& socket, const TcpTarget& target) {
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.get(), address, target.size) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd waiting{socket.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, kConnectMs) != 1) return ETIMEDOUT;
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    return code;
}

/// The bytes of a packet beside its data.
int overhead_of(const UniqueFd& socket, const TcpTarget& target, int& segment) {
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    segment = static_cast<int>(info.tcpi_snd_mss);
    return target.header + ((info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0 ? kTimestamps : 0);
}

bool send_bytes(const UniqueFd& socket, int count) {
    std::string text = "GET /runner-doctor HTTP/1.1\r\nX-Padding: ";
    text.resize(static_cast<std::size_t>(std::max(count, 1)), 'x');
    return ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == count;
}

bool is_confirmed(const UniqueFd& socket) {
    int waiting = 1;
    return ::ioctl(socket.get(), SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

/// The kernel has no event for a confirmation that needs no rights, so this looks repeatedly.
bool wait_for_confirmation(const UniqueFd& socket, int limit_ms) {
    const auto end = monotonic_ms() + limit_ms;
    while (!is_confirmed(socket) && monotonic_ms() < end) ::poll(nullptr, 0, kStepMs);
    return is_confirmed(socket);
}

bool size_passes(const TcpTarget& target, int size) {
    const auto socket = open_socket(target);
    if (!socket || connect_to(socket, target) != 0) return false;
    int segment = 0;
    const int overhead = overhead_of(socket, target, segment);
    return send_bytes(socket, size - overhead) && wait_for_confirmation(socket, kSmallerMs);
}

/// The largest of the usual sizes below `packet` that arrives; 0 for none. One connection after the
/// other: a small server has a short queue.
int find_smaller(const TcpTarget& target, int packet) {
    const int* first = std::find_if(std::begin(kUsualSizes), std::end(kUsualSizes),
                                    [packet](int size) { return size < packet; });
    const int* found = std::partition_point(
        first, std::end(kUsualSizes), [&target](int size) { return !size_passes(target, size); });
    return found == std::end(kUsualSizes) ? 0 : *found;
}

/// The interface that has the socket's own address.
std::string device_of(const UniqueFd& socket) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) return {};
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
    for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
        if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != own.ss_family) continue;
        const bool v4 = own.ss_family == AF_INET;
        const std::size_t at =
            v4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
        const std::size_t length = v4 ? sizeof(in_addr) : sizeof(in6_addr);
        if (std::memcmp(reinterpret_cast<const char*>(item->ifa_addr) + at,
                        reinterpret_cast<const char*>(&own) + at, length) == 0)
            return item->ifa_name;
    }
    return {};
}

}  // namespace

NetworkPath measure_path(const std::string& address, unsigned port) {
    NetworkPath path;
    path.address = address;
    const TcpTarget target = tcp_target(address, port);
    const auto socket = open_socket(target);
    const int code = socket ? connect_to(socket, target) : errno;
    if (code != 0) {
        path.error = std::strerror(code);
        return path;
    }
    path.device = device_of(socket);
    int segment = 0;
    const int overhead = overhead_of(socket, target, segment);
    path.packet = segment + overhead;
    if (!send_bytes(socket, segment)) {
        path.error = errno_text("send", errno);
        return path;
    }
    if (wait_for_confirmation(socket, kFullSizeMs)) {
        path.passes = path.packet;
    } else {
        path.passes = find_smaller(target, path.packet);
    }
    return path;
}

}  // namespace executors::helper
