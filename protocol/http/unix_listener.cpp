#include "protocol/http/unix_listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "protocol/http/peer.hpp"

namespace protocol::http {

namespace fs = std::filesystem;
using base::ErrorKind;

namespace {

constexpr mode_t kPrivate = 0600;
constexpr mode_t kShared = 0660;
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

base::Result<sockaddr_un> address_of(const fs::path& path) {
    const std::string text = path.string();
    if (text.size() > kLongestPath) {
        return base::make_error(
            ErrorKind::kInvalidInput,
            fmt::format("the path of the unix socket {} has {} bytes, the system allows {}", text,
                        text.size(), kLongestPath));
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, text.data(), text.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

base::UniqueFd make_socket() {
    return base::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

base::Result<void> check_directory(const fs::path& directory) {
    struct stat about {};
    if (::stat(directory.c_str(), &about) != 0)
        return base::errno_error("the directory " + directory.string());
    const bool trusted = about.st_uid == 0 || about.st_uid == ::geteuid();
    const bool others_write = (about.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    const bool sticky = (about.st_mode & S_ISVTX) != 0;
    if (trusted && (!others_write || sticky)) return {};
    return base::make_error(
        ErrorKind::kForbidden,
        fmt::format("other users may change the directory {} of the unix socket, and could put "
                    "their own in its place: `chmod go-w` it",
                    directory.string()));
}

/// Removes a socket on which nobody listens.
base::Result<void> make_way(const fs::path& path, const sockaddr_un& address) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return {};
        return base::errno_error(path.string());
    }
    if (!S_ISSOCK(about.st_mode) && !S_ISLNK(about.st_mode)) {
        return base::make_error(ErrorKind::kInvalidInput,
                                path.string() + " is no socket: move it away");
    }
    const auto probe = make_socket();
    if (!probe) return base::errno_error("open a socket");
    const bool answered = ::connect(probe.get(), generic(address), sizeof address) == 0;
    if (answered || errno == EAGAIN) {
        const auto peer = answered ? peer_of(probe.get()) : std::nullopt;
        const std::string who = peer ? fmt::format(" (process {})", peer->process) : std::string();
        return base::make_error(
            ErrorKind::kConflict,
            fmt::format("another process{} listens on the unix socket {}", who, path.string()));
    }
    if (errno != ECONNREFUSED && errno != ENOENT)
        return base::errno_error("ask who listens on " + path.string());
    if (::unlink(path.c_str()) != 0) return base::errno_error("remove the old " + path.string());
    return {};
}

base::Result<UnixListener> bind_to(const fs::path& path, const sockaddr_un& address,
                                   std::optional<gid_t> group) {
    auto socket = make_socket();
    if (!socket) return base::errno_error("open a socket");
    // The file gets the mode of the socket: nobody else can connect before the group is set.
    if (::fchmod(socket.get(), kPrivate) != 0) return base::errno_error("set the socket's mode");
    if (::bind(socket.get(), generic(address), sizeof address) != 0)
        return base::errno_error("listen on " + path.string());
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return base::errno_error(path.string());
    SocketName name(path, about.st_dev, about.st_ino);
    if (group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
        return base::errno_error(fmt::format("give {} to group {}", path.string(), *group));
    if (::chmod(path.c_str(), kShared) != 0)
        return base::errno_error("set the mode of " + path.string());
    constexpr int kBacklog = 64;
    if (::listen(socket.get(), kBacklog) != 0)
        return base::errno_error("listen on " + path.string());
    return UnixListener{std::move(socket), std::move(name)};
}

}  // namespace

SocketName::SocketName(SocketName&& other) noexcept
    : path_(std::exchange(other.path_, fs::path())), device_(other.device_), inode_(other.inode_) {}

SocketName::~SocketName() {
    if (path_.empty()) return;
    struct stat about {};
    const bool ours =
        ::lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
}

base::Result<UnixListener> listen_on_unix(const fs::path& path, std::optional<gid_t> group) {
    auto address = address_of(path);
    if (!address) return address.error();
    if (auto safe = check_directory(path.parent_path()); !safe) return safe.error();
    if (auto free = make_way(path, *address); !free) return free.error();
    return bind_to(path, *address, group);
}

}  // namespace protocol::http
