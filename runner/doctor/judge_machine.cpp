#include "runner/doctor/judge_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.hpp"

namespace runner::doctor {

namespace {

constexpr std::uint64_t kBytesPerInode = 16U << 10U;
constexpr const char* kBinfmtRemedy =
    "runner doctor --fix, or apt-get install qemu-user-static on the engine's machine";

std::string room_of(const DiskFigures& disk) {
    const std::string bytes = fmt::format("{} of {} free", readable_bytes(disk.free_bytes),
                                          readable_bytes(disk.total_bytes));
    if (disk.total_inodes == 0) return bytes;
    return bytes + fmt::format(", {} of {} inodes", disk.free_inodes, disk.total_inodes);
}

State state_of(const DiskFigures& disk, const DiskNeed& need) {
    if (!disk.error.empty()) return State::kProblem;
    const auto less_than = [&disk](std::uint64_t bytes) {
        const bool few_inodes = disk.total_inodes != 0 && disk.free_inodes < bytes / kBytesPerInode;
        return disk.free_bytes < bytes || few_inodes;
    };
    if (less_than(need.problem_below)) return State::kProblem;
    return less_than(need.warning_below) ? State::kWarning : State::kOk;
}

bool is_common(const std::string& platform) {
    return platform == "linux/amd64" || platform == "linux/arm64";
}

}  // namespace

std::string readable_bytes(std::uint64_t bytes) {
    constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, kUnits.at(unit));
}

Finding judge_disks(const std::vector<DiskFigures>& disks, const DiskNeed& need) {
    if (disks.empty()) return skipped("nothing was measured");
    const auto worst = std::min_element(disks.begin(), disks.end(),
                                        [&need](const DiskFigures& a, const DiskFigures& b) {
                                            return state_of(a, need) < state_of(b, need);
                                        });
    if (!worst->error.empty()) return problem(worst->error, need.remedy);
    std::string seen = worst->path + ": " + room_of(*worst);
    const State state = state_of(*worst, need);
    return {state, std::move(seen), state == State::kOk ? std::string() : need.remedy};
}

Finding judge_cgroups(Place place, const CgroupFigures& cgroups, bool runs_engine) {
    if (cgroups.version == 0) {
        return problem("no cgroups are mounted at /sys/fs/cgroup",
                       place == Place::kHost
                           ? "mount -t cgroup2 none /sys/fs/cgroup"
                           : "mount cgroups on the engine's machine, and restart the engine");
    }
    const std::string version = fmt::format("cgroups version {}", cgroups.version);
    if (cgroups.controllers.empty())
        return warning(
            version + " without controllers: limits of memory and processor have no effect",
            "delegate controllers to this place (systemd: Delegate=yes)");
    if (runs_engine && !cgroups.writable)
        return problem(version + ", which an engine here may not write",
                       "set privileged = true in [runners.docker]");
    return ok(version + (cgroups.writable ? "" : ", read-only") + ": " +
              base::join(cgroups.controllers, " "));
}

Finding judge_rights(const RightsFigures& rights, bool runs_engine) {
    if (!runs_engine)
        return ok(rights.administrator ? "privileged; no engine runs in its container"
                                       : "unprivileged; no engine runs in its container");
    if (rights.administrator) return ok("privileged, as an engine needs it");
    return problem("the job's engine needs a privileged container",
                   "set privileged = true in [runners.docker]");
}

Finding judge_platforms(const std::vector<PlatformFigures>& platforms) {
    if (platforms.empty()) return skipped("the platforms could not be measured");
    std::vector<std::string> good;
    std::vector<std::string> broken;
    for (const auto& platform : platforms) {
        if (platform.runs)
            good.push_back(platform.name);
        else if (platform.name != "linux/386")  // kernels of amd64 may be built without it
            broken.push_back(platform.name);
    }
    if (!broken.empty()) {
        return problem("an interpreter is registered for " + base::join(broken, ", ") +
                           ", but it does not run programs",
                       kBinfmtRemedy);
    }
    const std::string other = good.front() == "linux/arm64" ? "linux/amd64" : "linux/arm64";
    const auto common = std::count_if(good.begin(), good.end(), is_common);
    if (common < 2) {
        return warning("programs for " + other + " do not run: binfmt_misc has no interpreter",
                       kBinfmtRemedy);
    }
    // The line would be too long with "linux/" before each.
    for (auto& name : good) name = name.substr(name.find('/') + 1);
    return ok("programs run for linux on " + base::join(good, ", "));
}

}  // namespace runner::doctor
