#include "runner/daemon/disk_watch.hpp"

#include <sys/statvfs.h>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "base/offload.hpp"

namespace runner::daemon {

using status::DiskState;

namespace {

constexpr std::chrono::seconds kDiskInterval{15};

/// A builds directory is made by the first job; until then its parent has the file system.
std::filesystem::path existing_part(std::filesystem::path path) {
    std::error_code none;
    while (path.has_relative_path() && !std::filesystem::exists(path, none)) {
        path = path.parent_path();
    }
    return path;
}

std::vector<DiskState> measure(std::vector<DiskState> disks) {
    for (DiskState& disk : disks) {
        struct statvfs about {};
        if (::statvfs(existing_part(disk.path).c_str(), &about) != 0) continue;
        disk.size_bytes = std::uint64_t{about.f_blocks} * about.f_frsize;
        disk.free_bytes = std::uint64_t{about.f_bavail} * about.f_frsize;
        disk.inodes = about.f_files;
        disk.free_inodes = about.f_favail;
    }
    return disks;
}

}  // namespace

std::vector<DiskState> watched_directories(const config::Config& config,
                                           const std::filesystem::path& state_dir) {
    std::vector<DiskState> disks;
    const auto add = [&disks](const char* use, const std::filesystem::path& path) {
        const bool known = std::any_of(disks.begin(), disks.end(),
                                       [&](const DiskState& each) { return each.path == path; });
        if (known) return;
        DiskState disk;
        disk.directory = use;
        disk.path = path.string();
        disks.push_back(std::move(disk));
    };
    add("state", state_dir);
    for (const auto& runner : config.runners) {
        if (!runner.shared_host()) continue;
        add("builds", runner.builds_dir.empty() ? std::filesystem::current_path() / "builds"
                                                : std::filesystem::absolute(runner.builds_dir));
    }
    return disks;
}

void DiskWatch::watch(std::vector<DiskState> directories) {
    const std::vector<DiskState> before = std::exchange(states_, std::move(directories));
    update(before);
}

void DiskWatch::update(const std::vector<DiskState>& figures) {
    for (const DiskState& figure : figures) {
        for (DiskState& state : states_) {
            if (state.path == figure.path) state = figure;
        }
    }
}

const std::vector<DiskState>& DiskWatch::states() {
    asked_ = true;
    changed_.notify_all();
    return states_;
}

base::Task<void> DiskWatch::run() {
    while (true) {
        while (!asked_) {
            co_await changed_.wait();
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
        }
        asked_ = false;
        std::vector<DiskState> asked = states_;
        std::function<std::vector<DiskState>()> work = [asked] { return measure(asked); };
        auto measured = co_await base::offload<std::vector<DiskState>>(std::move(work));
        update(measured);
        const bool slept = co_await base::sleep_for(kDiskInterval);
        if (!slept) co_return;
    }
}

}  // namespace runner::daemon
