#include "runner/collector/disk_space.hpp"

#include <sys/statvfs.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "base/offload.hpp"

namespace runner::collector {

namespace fs = std::filesystem;
using base::Result;
using base::Task;
using status::DiskState;

namespace {

Result<DiskState> ask(const fs::path& shown, const fs::path& path) {
    struct statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0)
        return base::errno_error(errno, "ask for the free space of " + path.string());
    DiskState disk;
    disk.path = shown.string();
    disk.size_bytes = std::uint64_t{about.f_blocks} * about.f_frsize;
    disk.free_bytes = std::uint64_t{about.f_bavail} * about.f_frsize;
    disk.inodes = about.f_files;
    disk.free_inodes = about.f_favail;
    return disk;
}

fs::path existing_part(fs::path path) {
    std::error_code none;
    while (path.has_relative_path() && !fs::exists(path, none)) path = path.parent_path();
    return path;
}

}  // namespace

Task<Result<DiskState>> disk_space(fs::path path) {
    std::function<Result<DiskState>()> work = [path] { return ask(path, path); };
    auto asked = co_await base::offload<Result<DiskState>>(std::move(work));
    co_return asked;
}

Task<Result<DiskState>> disk_space_above(fs::path path) {
    std::function<Result<DiskState>()> work = [path] { return ask(path, existing_part(path)); };
    auto asked = co_await base::offload<Result<DiskState>>(std::move(work));
    co_return asked;
}

}  // namespace runner::collector
