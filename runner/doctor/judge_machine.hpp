#pragma once

#include <string>
#include <vector>

#include "runner/doctor/figures.hpp"
#include "runner/doctor/finding.hpp"

/// Judges what a machine, or a container of it, gives to jobs. Pure.
namespace runner::doctor {

/// How much of a file system must be free. Inodes: one per 16 KiB of these bytes.
struct DiskNeed {
    std::uint64_t problem_below = 0;
    std::uint64_t warning_below = 0;
    std::string remedy;
};
/// The worst of them decides, and its remedy is shown.
Finding judge_disks(const std::vector<DiskFigures>& disks, const DiskNeed& need);

/// `runs_engine`: an engine runs there, which makes cgroups of its own.
Finding judge_cgroups(Place place, const CgroupFigures& cgroups, bool runs_engine);

/// Whether an engine can run there.
Finding judge_rights(const RightsFigures& rights, bool runs_engine);

/// Whether programs of the other common 64-bit processor run, and of all others that are
/// registered.
Finding judge_platforms(const std::vector<PlatformFigures>& platforms);

/// "70.7 GB".
std::string readable_bytes(std::uint64_t bytes);

}  // namespace runner::doctor
