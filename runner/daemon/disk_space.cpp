#include "runner/daemon/disk_space.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <optional>
#include <set>

namespace runner::daemon {

namespace {

/// The directory, or the nearest one above it that exists: builds are made at the first job.
std::filesystem::path existing(std::filesystem::path path) {
    std::error_code failed;
    path = std::filesystem::absolute(path, failed);
    while (path.has_relative_path() && !std::filesystem::exists(path, failed)) {
        path = path.parent_path();
    }
    return path;
}

std::optional<status::DiskState> look(const std::filesystem::path& path, std::string use) {
    struct statvfs space {};
    if (::statvfs(path.c_str(), &space) != 0) return std::nullopt;
    status::DiskState disk;
    disk.path = path.string();
    disk.use = std::move(use);
    disk.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
    disk.bytes = std::uint64_t{space.f_blocks} * space.f_frsize;
    disk.free_inodes = space.f_favail;
    disk.inodes = space.f_files;
    return disk;
}

}  // namespace

std::vector<status::DiskState> disk_space(const std::filesystem::path& state_dir,
                                          const config::Config& config) {
    std::vector<std::pair<std::filesystem::path, const char*>> places{{state_dir, "state"}};
    for (const auto& runner : config.runners) {
        if (!runner.shared_host()) continue;
        places.emplace_back(runner.builds_dir.empty() ? "builds" : runner.builds_dir, "builds");
    }
    std::vector<status::DiskState> disks;
    std::set<dev_t> seen;
    for (const auto& [place, use] : places) {
        const auto path = existing(place);
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0 || !seen.insert(status.st_dev).second) continue;
        if (auto disk = look(path, use)) disks.push_back(std::move(*disk));
    }
    return disks;
}

}  // namespace runner::daemon
