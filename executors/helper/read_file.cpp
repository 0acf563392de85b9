#include "executors/helper/read_file.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "executors/helper/protocol.hpp"
#include "executors/helper/users.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kBytesPerCall = 16 * 1024 * 1024;

Fd open_regular(const ReadFile& command, std::uint64_t& size) {
    if (!command.user.empty() && !become(find_user(command.user)))
        fail_errno("become user " + command.user);
    // A pipe in the file's place would be waited for.
    Fd file(::open(command.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) fail_errno("open " + command.path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail_errno("open " + command.path);
    if (!S_ISREG(status.st_mode)) throw Failure("open " + command.path + ": not a regular file");
    size = static_cast<std::uint64_t>(status.st_size);
    return file;
}

bool copy_some(int file, int socket, std::uint64_t& left) {
    const ssize_t sent =
        ::sendfile(socket, file, nullptr,
                   static_cast<std::size_t>(std::min<std::uint64_t>(left, kBytesPerCall)));
    if (sent > 0) {
        left -= static_cast<std::uint64_t>(sent);
        return true;
    }
    if (sent < 0 && errno == EINTR) return true;
    if (sent == 0 || (errno != EINVAL && errno != ENOSYS)) return false;
    std::array<char, 64 * 1024> buffer;  // a file system without sendfile
    const ssize_t count =
        read_some(file, buffer.data(),
                  static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
    if (count <= 0 || !write_all(socket, {buffer.data(), static_cast<std::size_t>(count)}))
        return false;
    left -= static_cast<std::uint64_t>(count);
    return true;
}

[[noreturn]] void answer_and_exit(int socket, const ReadFile& command) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    std::uint64_t left = 0;
    try {
        const Fd file = open_regular(command, left);
        bool going = write_all(socket, make_frame(file_json(left)));
        while (going && left > 0) going = copy_some(file.get(), socket, left);
    } catch (const Failure& failure) {
        static_cast<void>(write_all(socket, make_frame(failure_json(failure.what()))));
    }
    // A file that became shorter leaves the answer short, which the reader counts.
    ::_exit(left == 0 ? 0 : 1);
}

}  // namespace

void serve_file(Fd socket, const ReadFile& command) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process that reads a file");
    if (pid != 0) return;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGTERM, SIG_DFL);
    // Another connection's socket held here would never end.
    constexpr int kSocket = 3;
    const int high = ::fcntl(socket.get(), F_DUPFD, 10);
    ::dup2(high, kSocket);
    ::close_range(kSocket + 1, ~0U, 0);
    answer_and_exit(kSocket, command);
}

}  // namespace executors::helper
