#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/collector/item.hpp"
#include "runner/config/disk_settings.hpp"
#include "runner/status/snapshot.hpp"

/// What is removed, in which order, and when it is enough. Pure.
namespace runner::collector {

/// [disk] of a configuration that was checked.
struct Marks {
    config::DiskMarks space;
    config::DiskMarks inodes;
};
/// The defaults for settings that are wrong: their check has refused the configuration.
Marks marks_of(const config::DiskSettings& settings);

/// Whether less is free than a mark says, and how much is missing. A disk that was not measured
/// lacks nothing.
struct Shortage {
    std::uint64_t bytes = 0;
    std::uint64_t inodes = 0;
    [[nodiscard]] bool any() const { return bytes > 0 || inodes > 0; }
};
/// Below `collect_below`: what is missing until `collect_until`. While jobs are not taken,
/// `paused`: below what has to be free before they are taken again, what is missing until both.
/// Nothing when `collect_below` is off.
Shortage shortage_to_collect(const status::DiskState& disk, const Marks& marks,
                             bool paused = false);
/// What is missing until enough is free, also above the marks where a collection begins.
Shortage shortage_until_enough(const status::DiskState& disk, const Marks& marks,
                               bool paused = false);
/// Below `pause_below`. While jobs are not taken, `paused`, a fifth more must be free, so that the
/// answer does not change with each file.
Shortage shortage_to_pause(const status::DiskState& disk, const Marks& marks, bool paused);

/// "2.1 GiB (4 %) free, less than 5 GiB": why jobs are not taken, for people.
std::string shortage_text(const status::DiskState& disk, const Marks& marks);

/// Sets Item::kept of items that were used within the last two minutes (a job may be about to use
/// them), and sorts: what is outdated first, then by the last use.
void arrange(std::vector<Item>& items, std::int64_t now_unix_micros);

/// How many of the first items that may go have to, as far as their sizes tell: all of them when a
/// size is not known before it is enough, or when inodes are missing.
std::size_t count_to_remove(const std::vector<Item>& items, const Shortage& missing);

}  // namespace runner::collector
