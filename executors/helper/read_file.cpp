#include "executors/helper/read_file.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "executors/helper/child_process.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/helper/users.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kBytesPerCall = 16 * 1024 * 1024;

struct Opened {
    UniqueFd file;
    std::uint64_t size = 0;
};

Opened open_regular(const ReadFile& command) {
    if (!command.user.empty() && !become(find_user(command.user)))
        fail_errno("become user " + command.user);
    // O_NONBLOCK: opening a pipe in the file's place must not wait.
    UniqueFd file(::open(command.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) fail_errno("open " + command.path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail_errno("open " + command.path);
    if (!S_ISREG(status.st_mode)) throw Failure("open " + command.path + ": not a regular file");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (command.offset > size) throw Failure("read " + command.path + ": it has become shorter");
    if (::lseek(file.get(), static_cast<off_t>(command.offset), SEEK_SET) < 0)
        fail_errno("read " + command.path);
    return {std::move(file), size};
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
    std::array<char, 64 * 1024> buffer;  // the file system has no sendfile
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
        const Opened opened = open_regular(command);
        left = opened.size - command.offset;
        bool going = write_all(socket, make_frame(file_json(opened.size, command.offset)));
        while (going && left > 0) going = copy_some(opened.file.get(), socket, left);
    } catch (const Failure& failure) {
        static_cast<void>(write_all(socket, make_frame(failure_json(failure.what()))));
    }
    // When the file has become shorter, so is the answer: the reader knows the announced size.
    ::_exit(left == 0 ? 0 : 1);
}

}  // namespace

void serve_file(UniqueFd socket, const ReadFile& command) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("make a process that reads a file");
    if (pid != 0) return;
    separate_child({socket.get()});
    answer_and_exit(kFirstKeptFd, command);
}

}  // namespace executors::helper
