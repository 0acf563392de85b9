#include "executors/helper/dial.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "executors/helper/child_process.hpp"
#include "executors/helper/copy_both.hpp"
#include "executors/helper/dns.hpp"
#include "executors/helper/tcp_target.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

namespace {

constexpr int kConnectMs = 5'000;

/// The socket when it is connected, or none and errno.
UniqueFd try_address(const std::string& address, unsigned port) {
    const TcpTarget target = tcp_target(address, port);
    if (target.size == 0) {
        errno = EINVAL;
        return {};
    }
    UniqueFd socket = open_socket(target);
    if (!socket) return socket;
    const auto* raw = reinterpret_cast<const sockaddr*>(&target.address);
    if (::connect(socket.get(), raw, target.size) == 0) return socket;
    if (errno != EINPROGRESS) return {};
    pollfd wait{socket.get(), POLLOUT, 0};
    if (::poll(&wait, 1, kConnectMs) <= 0) {
        errno = ETIMEDOUT;
        return {};
    }
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    errno = code;
    return code == 0 ? std::move(socket) : UniqueFd();
}

UniqueFd dial(const Dial& command) {
    const Resolution found = resolve_name(command.host);
    if (!found.error.empty()) throw Failure("find " + command.host + ": " + found.error);
    UniqueFd socket;
    int code = EINVAL;
    for (const std::string& address : found.addresses) {
        socket = try_address(address, command.port);
        if (socket) return socket;
        code = errno;
    }
    throw Failure(
        errno_text("connect to " + command.host + ":" + std::to_string(command.port), code));
}

[[noreturn]] void run_dial(int socket, const Dial& command) {
    try {
        const UniqueFd other = dial(command);
        set_nonblocking(socket);
        if (write_all(socket, make_frame(opened_json()))) copy_both(socket, other.get());
    } catch (const Failure& failure) {
        static_cast<void>(write_all(socket, make_frame(failure_json(failure.what()))));
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

void serve_dial(UniqueFd socket, const Dial& command) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process for a connection");
    if (pid != 0) return;
    separate_child({socket.get()});
    run_dial(kFirstKeptFd, command);
}

}  // namespace executors::helper
