#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

namespace tests {

/// Whether a directory has ext4's flag "top of directory hierarchies"; nullopt on another kind of
/// file system, and for what is no directory.
inline std::optional<bool> spreads_children(const std::filesystem::path& path) {
    constexpr long kExt4 = 0xEF53;
    struct statfs filesystem {};
    if (::statfs(path.c_str(), &filesystem) != 0 || filesystem.f_type != kExt4) return std::nullopt;
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int flags = 0;
    const bool known = ::ioctl(directory, FS_IOC_GETFLAGS, &flags) == 0;
    ::close(directory);
    if (!known) return std::nullopt;
    return (flags & FS_TOPDIR_FL) != 0;
}

}  // namespace tests
