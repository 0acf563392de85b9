#include "runner/collector/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/size_text.hpp"

namespace runner::collector {

namespace {

constexpr std::int64_t kJustUsedMicros = 120'000'000;

std::uint64_t missing(std::uint64_t wanted, std::uint64_t free) {
    return wanted > free ? wanted - free : 0;
}

std::uint64_t pause_of(const config::DiskAmount& mark, std::uint64_t size, bool paused) {
    const std::uint64_t wanted = mark.of(size);
    return paused ? std::min(wanted + wanted / 5, std::max(wanted, size)) : wanted;
}

std::uint64_t until_of(const config::DiskMarks& marks, std::uint64_t size, bool paused) {
    const std::uint64_t until =
        std::max(marks.collect_until.of(size), marks.collect_below.of(size));
    return paused ? std::max(until, pause_of(marks.pause_below, size, true)) : until;
}

bool collection_begins(const config::DiskMarks& marks, std::uint64_t size, std::uint64_t free,
                       bool paused) {
    const std::uint64_t below = marks.collect_below.of(size);
    if (below == 0) return false;
    return free < below || (paused && free < pause_of(marks.pause_below, size, true));
}

}  // namespace

std::string_view to_string(ItemKind kind) {
    switch (kind) {
        case ItemKind::kVolume: return "volume";
        case ItemKind::kImage: return "image";
        case ItemKind::kFolder: return "folder";
    }
    return "";
}

Marks marks_of(const config::DiskSettings& settings) {
    const config::DiskSettings defaults;
    const auto space = settings.space();
    const auto inodes = settings.inodes();
    return {.space = space ? *space : *defaults.space(),
            .inodes = inodes ? *inodes : *defaults.inodes()};
}

Shortage shortage_until_enough(const status::DiskState& disk, const Marks& marks, bool paused) {
    Shortage found;
    if (disk.size_bytes == 0) return found;
    found.bytes = missing(until_of(marks.space, disk.size_bytes, paused), disk.free_bytes);
    // A file system without a fixed number of inodes has 0 of them.
    if (disk.inodes != 0)
        found.inodes = missing(until_of(marks.inodes, disk.inodes, paused), disk.free_inodes);
    return found;
}

Shortage shortage_to_collect(const status::DiskState& disk, const Marks& marks, bool paused) {
    Shortage all = shortage_until_enough(disk, marks, paused);
    if (!collection_begins(marks.space, disk.size_bytes, disk.free_bytes, paused)) all.bytes = 0;
    if (!collection_begins(marks.inodes, disk.inodes, disk.free_inodes, paused)) all.inodes = 0;
    return all;
}

Shortage shortage_to_pause(const status::DiskState& disk, const Marks& marks, bool paused) {
    Shortage found;
    if (disk.size_bytes == 0) return found;
    found.bytes =
        missing(pause_of(marks.space.pause_below, disk.size_bytes, paused), disk.free_bytes);
    if (disk.inodes == 0) return found;
    found.inodes =
        missing(pause_of(marks.inodes.pause_below, disk.inodes, paused), disk.free_inodes);
    return found;
}

std::string shortage_text(const status::DiskState& disk, const Marks& marks) {
    const auto percent = [](std::uint64_t part, std::uint64_t whole) {
        return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    const Shortage found = shortage_to_pause(disk, marks, true);
    if (found.bytes == 0 && found.inodes > 0) {
        return fmt::format("{} inodes ({:.1f} %) are free; jobs are taken again from {} on",
                           disk.free_inodes, percent(disk.free_inodes, disk.inodes),
                           disk.free_inodes + found.inodes);
    }
    return fmt::format("{} ({:.1f} %) are free; jobs are taken again from {} on",
                       base::size_text(disk.free_bytes), percent(disk.free_bytes, disk.size_bytes),
                       base::size_text(disk.free_bytes + found.bytes));
}

void arrange(std::vector<Item>& items, std::int64_t now_unix_micros) {
    for (Item& item : items) {
        const std::int64_t age = now_unix_micros - item.last_used_unix_micros;
        if (item.kept.empty() && age < kJustUsedMicros && age > -kJustUsedMicros)
            item.kept = "just used";
    }
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
        return std::tuple(!a.outdated, a.last_used_unix_micros, a.name) <
               std::tuple(!b.outdated, b.last_used_unix_micros, b.name);
    });
}

std::size_t count_to_remove(const std::vector<Item>& items, const Shortage& missing) {
    std::uint64_t freed = 0;
    std::size_t count = 0;
    bool counts = missing.inodes == 0;
    for (const Item& item : items) {
        if (!missing.any() || (counts && freed >= missing.bytes)) break;
        if (!item.kept.empty()) continue;
        ++count;
        counts = counts && item.bytes.has_value();
        freed += item.bytes.value_or(0);
    }
    return count;
}

}  // namespace runner::collector
