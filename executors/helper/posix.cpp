#include "executors/helper/posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "executors/helper/protocol.hpp"

namespace executors::helper {

std::string errno_text(std::string_view doing, int code) {
    return std::string(doing) + ": " + std::strerror(code);
}

void fail_errno(std::string_view doing) { throw Failure(errno_text(doing, errno)); }

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("make a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

ssize_t read_some(int fd, char* target, std::size_t size) {
    ssize_t count = -1;
    do {
        count = ::read(fd, target, size);
    } while (count < 0 && errno == EINTR);
    return count;
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 16 * 1024> buffer;
    ssize_t count = 0;
    while ((count = read_some(fd, buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (count < 0) fail_errno("read a request");
    return text;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            pollfd writable{fd, POLLOUT, 0};
            ::poll(&writable, 1, -1);
            continue;
        }
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

std::int64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void make_directories(const std::string& path, mode_t mode) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (!part.empty() && ::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
            fail_errno("create directory " + part);
        }
        if (slash == std::string::npos) break;
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail_errno("create directory " + path);
    if (!S_ISDIR(status.st_mode)) throw Failure("create directory " + path + ": a file is there");
}

std::string read_file_end(const std::string& path, std::size_t limit) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return {};
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) {
        const off_t start = status.st_size - static_cast<off_t>(limit);
        if (start > 0) ::lseek(file.get(), start, SEEK_SET);
    }
    std::string text(limit, '\0');
    std::size_t filled = 0;
    while (filled < limit) {
        const ssize_t count = read_some(file.get(), text.data() + filled, limit - filled);
        if (count <= 0) break;
        filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
    return text;
}

std::string link_target(const std::string& path) {
    std::string target(4096, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) fail_errno("read link " + path);
    target.resize(static_cast<std::size_t>(length));
    return target;
}

std::string base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::vector<std::string> split_text(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

namespace {

class WorkingDirectory {
  public:
    explicit WorkingDirectory(const std::string& path)
        : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        if (::chdir(path.c_str()) != 0) fail_errno("enter " + path);
    }
    ~WorkingDirectory() {
        if (before_ && ::fchdir(before_.get()) != 0)
            std::perror("runner-helper: return to directory");
    }
    WorkingDirectory(const WorkingDirectory&) = delete;
    WorkingDirectory& operator=(const WorkingDirectory&) = delete;

  private:
    Fd before_;
};

sockaddr_un address_of(std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    return address;
}

Fd unix_socket() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) fail_errno("make a socket");
    return socket;
}

}  // namespace

Fd connect_in(const std::string& directory) {
    const WorkingDirectory there(directory);
    Fd socket = unix_socket();
    const sockaddr_un address = address_of(kSocketName);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket.get(), plain, sizeof address) != 0) {
        fail_errno("connect to " + directory + "/" + std::string(kSocketName));
    }
    return socket;
}

Fd listen_in(const std::string& directory) {
    const WorkingDirectory there(directory);
    Fd socket = unix_socket();
    // Made under another name and renamed when it listens: whoever sees the name can connect.
    const std::string draft = std::string(kSocketName) + ".new";
    ::unlink(draft.c_str());
    const sockaddr_un address = address_of(draft);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(socket.get(), plain, sizeof address) != 0)
        fail_errno("bind a socket in " + directory);
    if (::chmod(draft.c_str(), 0600) != 0) fail_errno("set the mode of the socket in " + directory);
    if (::listen(socket.get(), 16) != 0) fail_errno("listen in " + directory);
    set_nonblocking(socket.get());
    if (::rename(draft.c_str(), kSocketName.data()) != 0)
        fail_errno("name the socket in " + directory);
    return socket;
}

}  // namespace executors::helper
