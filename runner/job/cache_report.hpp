#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace runner::job {

/// What became of one cache of a job in one stage.
struct CacheTransfer {
    enum class Action { kRestore, kSave };

    Action action = Action::kRestore;
    /// The value of the label `result` (docs/metrics.md).
    std::string_view result;
    /// Of the archive that was unpacked or written.
    std::uint64_t bytes = 0;

    bool operator==(const CacheTransfer&) const = default;
};

/// Reads what `runner-helper` reports about the caches of a stage
/// (executors/helper/stage_report.hpp). The archives that are tried for one cache, its own and
/// those of its fallback keys, are one transfer. `caches`: how many the job has. The text comes
/// from the job's environment: what is not in its form is left out. Pure.
std::vector<CacheTransfer> parse_cache_report(std::string_view text, std::size_t caches);

}  // namespace runner::job
