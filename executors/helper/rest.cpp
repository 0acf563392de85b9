#include "executors/helper/rest.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "executors/helper/engine_client.hpp"

namespace executors::helper {

namespace {

/// No event tells of a signal that waits for another process. `docker stop` waits for ten seconds.
constexpr int kLookMs = 4000;
constexpr std::string_view kParent = "\nPPid:\t";
constexpr std::string_view kPending = "\nShdPnd:\t";
/// A process may make others before it is stopped itself.
constexpr int kMostRounds = 10;
constexpr pid_t kFirst = 1;
constexpr std::array<int, 3> kEnding{SIGTERM, SIGINT, SIGQUIT};

/// Stays that of the process when its number is given to another one.
UniqueFd open_status(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/status";
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// A number of /proc/<pid>/status; 0 when the process is gone. To look for kPending is all that a
/// container which waits does, so it takes as little as possible.
std::uint64_t number_in(int status, std::string_view name, int base) {
    std::array<char, 4096> text{};
    if (::pread(status, text.data(), text.size() - 1, 0) <= 0) return 0;
    const auto at = std::string_view(text.data()).find(name);
    if (at == std::string_view::npos) return 0;
    return std::strtoull(&text.at(at + name.size()), nullptr, base);
}

pid_t parent_of(pid_t pid) {
    return static_cast<pid_t>(number_in(open_status(pid).get(), kParent, 10));
}

/// By the signal of `docker stop`, which an image may have chosen.
bool is_asked_to_end(int status) {
    const std::uint64_t signals = number_in(status, kPending, 16);
    return std::any_of(kEnding.begin(), kEnding.end(), [&](int signal) {
        return (signals >> static_cast<unsigned>(signal - 1) & 1U) != 0;
    });
}

/// The process that listens on the socket; 0 when it is none of this namespace.
pid_t listener_of(const std::string& socket) {
    const UniqueFd connection = connect_to_engine(socket);
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        fail_errno("find the process of the engine");
    return peer.pid;
}

/// This process and what it descends from.
void add_line(std::set<pid_t>& processes, pid_t pid) {
    while (pid > 0 && processes.insert(pid).second) pid = parent_of(pid);
}

}  // namespace

bool Rest::begin() {
    if (is_begun()) return true;
    const pid_t engine = listener_of(socket_);
    if (engine <= kFirst || engine == ::getpid()) return false;
    status_ = open_status(engine);
    if (!status_ || ::kill(engine, SIGSTOP) != 0) return false;
    stopped_ = {engine};
    stop_others();
    return true;
}

void Rest::stop_others() {
    std::set<pid_t> spared{kFirst};
    add_line(spared, ::getpid());
    add_line(spared, parent_of(stopped_.front()));
    spared.insert(stopped_.front());
    bool more = true;
    for (int round = 0; more && round < kMostRounds; ++round) {
        more = false;
        for (const pid_t pid : processes_()) {
            if (!spared.insert(pid).second || ::kill(pid, SIGSTOP) != 0) continue;
            stopped_.push_back(pid);
            more = true;
        }
    }
}

void Rest::end() {
    // The engine asks its containerd whether it answers, and ends one that does not.
    for (auto pid = stopped_.rbegin(); pid != stopped_.rend(); ++pid) ::kill(*pid, SIGCONT);
    stopped_.clear();
}

void Rest::wait_readable(int fd) {
    while (is_begun()) {
        pollfd watched{fd, POLLIN, 0};
        if (::poll(&watched, 1, kLookMs) > 0) return;
        if (is_asked_to_end(status_.get())) end();
    }
}

}  // namespace executors::helper
