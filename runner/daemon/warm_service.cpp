#include "runner/daemon/warm_service.hpp"

#include <fmt/format.h>

#include <sstream>

#include "base/files.hpp"
#include "base/parse.hpp"

namespace runner::daemon {

namespace {

constexpr std::uint64_t kMemoryPart = 10;
constexpr std::uint64_t kDiskPart = 20;

/// In KiB; 0 when there is no such line.
std::uint64_t line_of(const std::string& meminfo, const std::string& name) {
    std::istringstream lines(meminfo);
    std::string word;
    std::uint64_t value = 0;
    while (lines >> word) {
        if (word == name && lines >> value) return value;
    }
    return 0;
}

}  // namespace

std::string memory_pressure(const std::string& meminfo) {
    const auto total = line_of(meminfo, "MemTotal:");
    const auto available = line_of(meminfo, "MemAvailable:");
    if (total == 0 || available >= total / kMemoryPart) return {};
    return fmt::format("{} of {} MiB of memory are available", available / 1024, total / 1024);
}

std::string disk_pressure(const std::vector<status::DiskState>& disks) {
    for (const auto& disk : disks) {
        if (disk.free_bytes < disk.size_bytes / kDiskPart) {
            return fmt::format("{} of {} MiB are free in {}", disk.free_bytes >> 20U,
                               disk.size_bytes >> 20U, disk.place);
        }
        if (disk.free_inodes < disk.inodes / kDiskPart) {
            return fmt::format("{} of {} inodes are free in {}", disk.free_inodes, disk.inodes,
                               disk.place);
        }
    }
    return {};
}

void WarmService::configure(std::shared_ptr<const config::Config> config, const PauseSet& pauses) {
    config_ = std::move(config);
    pauses_ = pauses;
    executors_.configure_pool(*config_,
                              [this](const std::string& name) { return pauses_.has(name); });
}

void WarmService::open() {
    executors_.open_pool([this] { return pressure(); });
    if (config_) configure(config_, PauseSet(pauses_));
}

base::Task<void> WarmService::start_after(base::Task<void> removing) {
    co_await std::move(removing);
    executors_.set_disk_pressure([this] { return disk_pressure(disks_.states()); });
    executors_.pool()->start();
}

base::Task<void> WarmService::close() {
    auto* pool = executors_.pool();
    if (pool != nullptr) co_await pool->close();
}

std::string WarmService::pressure() {
    const auto meminfo = base::read_file("/proc/meminfo");
    std::string reason = meminfo ? memory_pressure(*meminfo) : std::string();
    return reason.empty() ? disk_pressure(disks_.states()) : reason;
}

status::WarmFigures WarmService::figures() const {
    status::WarmFigures figures;
    const auto* pool = executors_.pool();
    if (pool == nullptr) return figures;
    for (const auto& state : pool->states()) {
        figures.environments.push_back({.short_token = state.runner,
                                        .image = state.image,
                                        .project_id = state.project_id,
                                        .container = state.name,
                                        .engine = state.engine,
                                        .age_seconds = state.age.count(),
                                        .memory_bytes = state.memory_bytes});
    }
    for (const auto& [runner, counts] : pool->counts()) {
        status::WarmCounts& row = figures.counts[runner];
        row.hits = counts.hits;
        row.made = counts.made;
        row.removed = counts.removed;
        for (int i = 0; i < executors::docker::kWarmMisses; ++i) {
            const auto miss = static_cast<executors::docker::WarmMiss>(i);
            row.misses[std::string(to_string(miss))] = counts.misses[i];
        }
    }
    return figures;
}

SlotWishes WarmService::slot_wishes(const RunnerEntry& entry, journal::SlotOwner owner) const {
    SlotWishes wishes;
    const auto* pool = executors_.pool();
    if (pool == nullptr || entry.runner->docker.warm == 0) return wishes;
    wishes.places = config_->concurrent;
    for (const auto& state : pool->states()) {
        if (state.runner != entry.short_token) continue;
        const auto local = base::parse_number<int>(state.local_id);
        const auto of_project = base::parse_number<int>(state.slot);
        if (!local || !of_project) continue;
        wishes.others.insert(*local);
        // Another one has the data of protected refs, or of the others.
        const bool of_owner =
            state.project_id == owner.project && state.protected_ref == owner.protected_ref;
        if (of_owner)
            wishes.ready.push_back({.concurrent_id = *local, .concurrent_project_id = *of_project});
    }
    return wishes;
}

}  // namespace runner::daemon
