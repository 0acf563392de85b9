#include "executors/helper/posix.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "executors/helper/protocol.hpp"

namespace executors::helper {

std::string errno_text(std::string_view doing, int code) {
    return std::string(doing) + ": " + std::strerror(code);
}

void fail_errno(std::string_view doing) { throw Failure(errno_text(doing, errno)); }

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("make a pipe");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
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
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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

std::string directory_name(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::vector<std::string> list_directory(const std::string& path) {
    std::vector<std::string> names;
    DIR* listing = ::opendir(path.c_str());
    if (listing == nullptr) return names;
    while (const dirent* entry = ::readdir(listing)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(listing);
    return names;
}

std::vector<pid_t> list_processes() {
    std::vector<pid_t> numbers;
    for (const std::string& name : list_directory("/proc")) {
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        numbers.push_back(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)));
    }
    return numbers;
}

std::string environment_or(const char* name, const std::string& fallback) {
    const char* text = std::getenv(name);
    return text != nullptr && *text != '\0' ? text : fallback;
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
    UniqueFd before_;
};

/// Throws Failure when the path is too long (108 bytes).
sockaddr_un unix_address(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw Failure("the socket's path is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

UniqueFd unix_socket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) fail_errno("make a socket");
    return socket;
}

}  // namespace

UniqueFd connect_unix(std::string_view path) {
    const sockaddr_un address = unix_address(path);
    UniqueFd socket = unix_socket();
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    const bool connected = ::connect(socket.get(), plain, sizeof address) == 0;
    return connected ? std::move(socket) : UniqueFd();
}

std::string supervisor_socket() { return std::string(kSocketName); }

UniqueFd connect_in(const std::string& directory, const std::string& name) {
    const WorkingDirectory there(directory);
    UniqueFd socket = connect_unix(name);
    if (!socket) fail_errno("connect to " + directory + "/" + name);
    return socket;
}

UniqueFd listen_in(const std::string& directory, const std::string& name) {
    const WorkingDirectory there(directory);
    UniqueFd socket = unix_socket();
    // Bound to another name and renamed when it listens, so that everyone who sees the name can
    // connect.
    const std::string draft = name + ".new";
    ::unlink(draft.c_str());
    const sockaddr_un address = unix_address(draft);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(socket.get(), plain, sizeof address) != 0)
        fail_errno("bind a socket in " + directory);
    if (::chmod(draft.c_str(), 0600) != 0) fail_errno("set the mode of the socket in " + directory);
    if (::listen(socket.get(), 16) != 0) fail_errno("listen in " + directory);
    set_nonblocking(socket.get());
    if (::rename(draft.c_str(), name.c_str()) != 0) fail_errno("name the socket in " + directory);
    return socket;
}

}  // namespace executors::helper
