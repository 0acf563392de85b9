#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace protocol::http {

/// The name of a listening socket in the file system. The destructor removes it, unless another
/// socket has that name by then.
class SocketName {
  public:
    SocketName(std::filesystem::path path, dev_t device, ino_t inode)
        : path_(std::move(path)), device_(device), inode_(inode) {}
    SocketName(SocketName&& other) noexcept;
    SocketName& operator=(SocketName&&) = delete;
    ~SocketName();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;  ///< empty after a move
    dev_t device_;
    ino_t inode_;
};

struct UnixListener {
    base::UniqueFd socket;
    SocketName name;
};

/// A unix socket that listens, with mode 0660; `group` owns it, else the group of the process.
///
/// A socket of that name on which nobody listens any more is replaced. Failures: kConflict when a
/// process listens on it; kInvalidInput when the path is too long, or is a file of another kind;
/// kForbidden when others than root and this user may change its directory, and could so put
/// another socket in its place; else an error of the system, with the path.
base::Result<UnixListener> listen_on_unix(const std::filesystem::path& path,
                                          std::optional<gid_t> group);

}  // namespace protocol::http
