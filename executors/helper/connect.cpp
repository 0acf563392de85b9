#include "executors/helper/connect.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "executors/helper/posix.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/helper/supervisor.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kCopyBytes = 256 * 1024;

std::optional<Fd> try_connect(const std::string& directory) {
    try {
        return connect_in(directory);
    } catch (const Failure&) {
        return std::nullopt;
    }
}

/// Starts a supervisor that has nothing of this process: not its descriptors (the engine ends an
/// exec when the last of them is closed), not its session, not its parent.
void spawn_supervisor(const std::string& directory) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("start a supervisor");
    if (pid == 0) {
        try {
            ::_exit(supervise({directory, "", true}));
        } catch (const Failure& failure) {
            ::_exit(1);
        }
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
}

/// Waits until somebody listens; the socket gets its name only then (listen_in()).
Fd wait_for_socket(const ConnectOptions& options) {
    const std::int64_t until = monotonic_ms() + options.wait_ms;
    const Fd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    int watched = -1;
    while (true) {
        if (watched < 0) {
            watched = ::inotify_add_watch(watch.get(), options.directory.c_str(),
                                          IN_CREATE | IN_MOVED_TO);
        }
        auto socket = try_connect(options.directory);
        if (socket) return std::move(*socket);
        const std::int64_t left = until - monotonic_ms();
        if (left <= 0) return connect_in(options.directory);  // for its sentence
        pollfd event{watch.get(), POLLIN, 0};
        // Without the directory there is nothing to watch; and its parent may not be ours to watch.
        const std::int64_t limit = watched < 0 ? std::min<std::int64_t>(left, 20) : left;
        ::poll(&event, 1, static_cast<int>(std::min<std::int64_t>(limit, 3'600'000)));
        std::array<char, 4096> drained;
        while (read_some(watch.get(), drained.data(), drained.size()) > 0) {
        }
    }
}

/// A descriptor that was given to us may be non-blocking; its mode is shared and not ours to
/// change.
void wait_for_both(int from, int to) {
    pollfd source{from, POLLIN, 0};
    pollfd target{to, POLLOUT, 0};
    ::poll(&source, 1, -1);
    ::poll(&target, 1, -1);
    errno = EAGAIN;
}

void copy(int from, int to) {
    // Without copying through this process where the kernel can: one of the two is a pipe as a
    // rule. Non-blocking, for a splice that waits for a unix socket can sit on what it has already
    // moved (seen with Linux 6.18: the pipe's reader is only woken when the call returns).
    constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    ssize_t moved = 0;
    while ((moved = ::splice(from, nullptr, to, nullptr, kCopyBytes, kFlags)) != 0) {
        if (moved < 0 && errno == EAGAIN) wait_for_both(from, to);
        if (moved < 0 && errno != EINTR && errno != EAGAIN) break;
    }
    if (moved == 0 || errno != EINVAL) return;
    std::vector<char> buffer(kCopyBytes);
    while (true) {
        const ssize_t count = read_some(from, buffer.data(), buffer.size());
        if (count < 0 && errno == EAGAIN) {
            wait_for_both(from, to);
            continue;
        }
        if (count <= 0) return;
        if (!write_all(to, {buffer.data(), static_cast<std::size_t>(count)})) return;
    }
}

}  // namespace

int connect_and_copy(const ConnectOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);
    auto socket = try_connect(options.directory);
    if (!socket && options.spawn) spawn_supervisor(options.directory);
    if (!socket) socket = wait_for_socket(options);
    const int fd = socket->get();
    // One thread a direction. Whichever ends first ends both: a client that is gone has no use for
    // the rest, and it will come back with its offset.
    std::thread([fd] {
        copy(STDIN_FILENO, fd);
        ::_exit(0);
    }).detach();
    copy(fd, STDOUT_FILENO);
    ::_exit(0);
}

}  // namespace executors::helper
