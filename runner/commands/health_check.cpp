#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/unique_fd.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/health_targets.hpp"

namespace runner::commands {

namespace {

constexpr int kConnectLimitMilliseconds = 5000;
constexpr std::chrono::seconds kPause{1};

bool connects(const addrinfo& address) {
    const base::UniqueFd fd(
        ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return false;
    if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    pollfd waiting{fd.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, kConnectLimitMilliseconds) <= 0) return false;
    int failure = 0;
    socklen_t size = sizeof failure;
    return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

bool connects(const HealthTarget& target) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found) != 0) return false;
    bool connected = false;
    for (const addrinfo* entry = found; entry != nullptr && !connected; entry = entry->ai_next)
        connected = connects(*entry);
    ::freeaddrinfo(found);
    return connected;
}

/// Waits for all of them, as long as it takes: who starts the command limits it.
int wait_for(const std::vector<HealthTarget>& targets) {
    for (const HealthTarget& target : targets) {
        base::log::info(
            fmt::format("waiting for TCP connection to {} on {}", target.host, target.port));
        // A port that begins to listen gives no event.
        while (!connects(target)) std::this_thread::sleep_for(kPause);
    }
    return 0;
}

int health_check(const Values& values) {
    auto targets = health_targets(values.list("port"), environ);
    if (!targets) return fail(targets.error());
    return wait_for(*targets);
}

}  // namespace

Command health_check_command() {
    return {
        .name = "health-check",
        .summary = "wait until ports of a service accept connections",
        .usage = "[flags]",
        .description =
            "Waits until TCP connections to a service succeed: to these ports, or to the address "
            "and port in variables <NAME>_TCP_ADDR\n"
            "and <NAME>_TCP_PORT. It has no limit of its own. (`runner status` tells whether "
            "the daemon is healthy.)",
        .examples =
            "  runner health-check --port 5432\n"
            "  DB_TCP_ADDR=postgres DB_TCP_PORT=5432 runner health-check\n",
        .flags = {list_flag({"port", "p"}, "PORT", "a port of this machine; may be repeated")},
        .run = health_check};
}

}  // namespace runner::commands
