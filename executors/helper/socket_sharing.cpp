#include "executors/helper/socket_sharing.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::int64_t kLimitMs = 60'000;
/// For a directory that cannot be watched, or does not exist yet.
constexpr int kSocketRecheckMs = 50;
constexpr const char* kDefaultSocket = "/var/run/docker.sock";

/// dockerd makes the socket, then gives it to its group, then sets this mode.
bool is_finished(const std::string& socket) {
    struct stat status {};
    return ::stat(socket.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
           (status.st_mode & 0660U) == 0660U;
}

void share_when_made(std::vector<std::string> sockets) {
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    for (const auto& socket : sockets) {
        if (!watch) break;
        ::inotify_add_watch(watch.get(), directory_name(socket).c_str(),
                            IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
    }
    const std::int64_t until = monotonic_ms() + kLimitMs;
    while (true) {
        std::erase_if(sockets, [](const auto& socket) {
            return is_finished(socket) && ::chmod(socket.c_str(), 0666) == 0;
        });
        if (sockets.empty() || monotonic_ms() > until) return;
        pollfd watched{watch.get(), POLLIN, 0};
        ::poll(&watched, 1, kSocketRecheckMs);
        std::array<char, 4096> events;
        while (watch && read_some(watch.get(), events.data(), events.size()) > 0) {
        }
    }
}

}  // namespace

std::vector<std::string> sockets_of(const std::vector<std::string>& arguments) {
    std::vector<std::string> sockets;
    bool named = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string address = arguments[i];
        if ((address == "-H" || address == "--host") && i + 1 < arguments.size()) {
            address = arguments[++i];
        } else if (address.rfind("--host=", 0) == 0) {
            address.erase(0, 7);
        } else if (address.rfind("-H", 0) == 0) {
            address.erase(0, address.rfind("-H=", 0) == 0 ? 3 : 2);
        } else {
            continue;
        }
        named = true;
        if (address.rfind("unix://", 0) != 0) continue;
        const std::string path = address.substr(7);
        sockets.push_back(path.empty() ? kDefaultSocket : path);
    }
    if (!named) sockets.emplace_back(kDefaultSocket);
    return sockets;
}

void share_sockets(const std::vector<std::string>& sockets) {
    const pid_t child = ::fork();
    if (child < 0) return;
    if (child > 0) {
        ::waitpid(child, nullptr, 0);
        return;
    }
    // The engine does not wait for children that it does not know: init inherits this one.
    if (::fork() == 0) share_when_made(sockets);
    ::_exit(0);
}

}  // namespace executors::helper
