#include "executors/helper/await_port.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "executors/helper/posix.hpp"
#include "executors/helper/tcp_target.hpp"

namespace executors::helper {

namespace {

constexpr long long kRoundMs = 1000;
constexpr int kPauseMs = 20;

/// Connections to all ports, as they become known to have failed.
class Round {
  public:
    explicit Round(const AwaitPortOptions& options) {
        for (const unsigned port : options.ports) begin(tcp_target(options.address, port));
    }

    /// Whether one of them is made within `limit_ms`.
    bool wait(long long limit_ms) {
        const auto end = monotonic_ms() + limit_ms;
        while (!connected_ && !waiting_.empty()) {
            const auto left = end - monotonic_ms();
            if (left <= 0) break;
            if (::poll(waiting_.data(), waiting_.size(), static_cast<int>(left)) < 0) break;
            look();
        }
        return connected_;
    }

  private:
    void begin(const TcpTarget& target) {
        UniqueFd socket = open_socket(target);
        if (!socket) return;
        const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
        if (::connect(socket.get(), address, target.size) == 0) {
            connected_ = true;
        } else if (errno == EINPROGRESS) {
            waiting_.push_back({socket.get(), POLLOUT, 0});
            sockets_.push_back(std::move(socket));
        }
    }
    void look() {
        for (const pollfd& entry : waiting_) {
            if (entry.revents == 0) continue;
            int code = 0;
            socklen_t size = sizeof code;
            ::getsockopt(entry.fd, SOL_SOCKET, SO_ERROR, &code, &size);
            if (code == 0) connected_ = true;
        }
        std::erase_if(waiting_, [](const pollfd& entry) { return entry.revents != 0; });
    }

    std::vector<UniqueFd> sockets_;
    std::vector<pollfd> waiting_;
    bool connected_ = false;
};

}  // namespace

int await_port(const AwaitPortOptions& options) {
    const auto end = monotonic_ms() + options.limit_ms;
    while (true) {
        const auto left = end - monotonic_ms();
        if (left <= 0) return 1;
        if (Round(options).wait(std::min(left, kRoundMs))) return 0;
        ::poll(nullptr, 0, kPauseMs);
    }
}

}  // namespace executors::helper
