#include "executors/helper/connect.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "base/json.hpp"
#include "executors/helper/data_tidy.hpp"
#include "executors/helper/directory.hpp"
#include "executors/helper/engine_wait.hpp"
#include "executors/helper/hold.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/helper/rest.hpp"
#include "executors/helper/supervise.hpp"
#include "executors/helper/users.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kCopyBytes = 256 * 1024;

std::optional<UniqueFd> try_connect(const std::string& directory) {
    try {
        return connect_in(directory);
    } catch (const Failure&) {
        return std::nullopt;
    }
}

/// Starts a supervisor that shares nothing with this process: neither its descriptors (the engine
/// ends an exec when the last one is closed), nor its session, nor its parent.
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

/// Waits until a supervisor listens; its socket has its name from then on (listen_in()).
std::optional<UniqueFd> wait_for_socket(const std::string& directory, std::int64_t limit_ms) {
    const std::int64_t until = monotonic_ms() + limit_ms;
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    while (true) {
        // Each time: the directory may have been removed and made again.
        const int watched =
            ::inotify_add_watch(watch.get(), directory.c_str(),
                                IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF);
        auto socket = try_connect(directory);
        const std::int64_t left = until - monotonic_ms();
        if (socket || left <= 0) return socket;
        pollfd event{watch.get(), POLLIN, 0};
        // A directory that is not there yet cannot be watched, and its parent may be unreadable.
        const std::int64_t limit = watched < 0 ? std::min<std::int64_t>(left, 20) : left;
        ::poll(&event, 1, static_cast<int>(std::min<std::int64_t>(limit, 3'600'000)));
        std::array<char, 4096> drained;
        while (read_some(watch.get(), drained.data(), drained.size()) > 0) {
        }
    }
}

/// A supervisor whose socket a script has removed puts it back (Doorway). A second one would not
/// know what the first one has run, so it is waited for.
std::optional<UniqueFd> wait_for_restored(const std::string& directory) {
    constexpr std::int64_t kRestoreMs = 1'000;
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) return std::nullopt;
    return wait_for_socket(directory, kRestoreMs);
}

UniqueFd reach_supervisor(const ConnectOptions& options) {
    auto socket = try_connect(options.directory);
    if (!socket && options.spawn) {
        socket = wait_for_restored(options.directory);
        if (!socket) spawn_supervisor(options.directory);
    }
    if (!socket) socket = wait_for_socket(options.directory, options.wait_ms);
    if (!socket) return connect_in(options.directory);  // throws why it fails
    return std::move(*socket);
}

/// Waits until data can be copied. Standard input and output may be non-blocking, and other
/// processes share that mode, so it is not changed here.
void wait_for_both(int from, int to) {
    pollfd source{from, POLLIN, 0};
    pollfd target{to, POLLOUT, 0};
    ::poll(&source, 1, -1);
    ::poll(&target, 1, -1);
    errno = EAGAIN;
}

void copy(int from, int to) {
    // splice(2) works when one of the two is a pipe, which is the usual case. It is non-blocking,
    // because a splice that waits for a unix socket can hold back what it has already moved (seen
    // with Linux 6.18: the pipe's reader is only woken when the call returns).
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

/// Only root can do this, and only other users need it.
void hand_over_to_job(const ConnectOptions& options, int socket) {
    if (options.hand_over.empty() || ::geteuid() != 0) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        fail_errno("find out the job's user");
    User user;
    user.uid = peer.uid;
    user.gid = peer.gid;
    if (!options.user.empty()) user = find_user(options.user);
    if (user.uid == 0) return;
    for (const std::string& path : options.hand_over)
        hand_over_directories(path, user.uid, user.gid);
}

void wait_for_own_engine(std::int64_t limit_ms) {
    WaitEngine wait;
    wait.socket = "/var/run/docker.sock";
    wait.timeout_ms = limit_ms;
    const auto answer = nlohmann::json::parse(wait_for_engine(wait));
    if (!answer.value("ok", false))
        throw Failure("the engine does not answer: " + answer.value("error", std::string()));
}

/// The engine rests on, unless it has to do something.
void leave_data(Rest& rest) {
    const auto outcome = read_outcome();
    if (!outcome) return;
    DataTidyOptions options;
    options.root = outcome->root;
    options.least = true;
    options.wake = [&rest] { rest.end(); };
    try {
        tidy_data(options);
    } catch (const Failure& failure) {  // the next start cleans the data, or does without
        std::fprintf(stderr, "runner-helper: the engine's data stays as it is: %s\n",
                     failure.what());
    }
}

/// An image with an engine runs already, and its supervisor gets the job's variables. Any other
/// container waits for them. When the daemon is gone, the container ends.
void wait_for_job(const ConnectOptions& options) {
    UniqueFd holder;
    if (options.spawn) {
        wait_for_own_engine(options.wait_ms);
    } else {
        holder = reach_hold(options.directory, options.wait_ms);
    }
    if (!write_all(STDOUT_FILENO, kHeldLine)) ::_exit(1);
    Rest rest;
    const auto entries = read_release(STDIN_FILENO, options.spawn ? &rest : nullptr, leave_data);
    if (!entries && options.spawn) ::kill(1, SIGTERM);
    if (!entries) ::_exit(0);
    if (options.spawn) {
        take_variables(*entries);
    } else {
        release_hold(holder.get(), *entries);
    }
}

}  // namespace

int connect_and_copy(const ConnectOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);
    if (options.held) wait_for_job(options);
    const UniqueFd socket = reach_supervisor(options);
    const int fd = socket.get();
    hand_over_to_job(options, fd);
    // One thread for each direction. The first one that ends, ends the process: a client that is
    // gone does not need the rest, and it will connect again with its offset.
    std::thread([fd] {
        copy(STDIN_FILENO, fd);
        ::_exit(0);
    }).detach();
    copy(fd, STDOUT_FILENO);
    ::_exit(0);
}

}  // namespace executors::helper
