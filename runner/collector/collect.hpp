#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "runner/collector/item.hpp"
#include "runner/collector/plan.hpp"
#include "runner/collector/store.hpp"

namespace runner::collector {

/// What a run of the collector is to do.
struct Wish {
    bool dry_run = false;  ///< say what would be done, and do nothing
    bool all = false;      ///< whatever may go, however much is free
    bool by_hand = false;  ///< up to `collect_until`, also above `collect_below`; with all sizes
    bool paused = false;   ///< jobs wait for room here: until they are taken again, too
};

enum class Action { kRemove, kRemoved, kKeep, kFailed };
/// "remove" (of a dry run), "removed", "keep", "failed".
std::string_view to_string(Action action);

struct Row {
    Item item;
    Action action = Action::kKeep;
    std::string reason;
};

/// What a run found in one place, and what it did.
struct PlaceReport {
    std::string place;       ///< Store::title()
    status::DiskState disk;  ///< at the end
    std::string problem;     ///< why the run could do less than it should, "" for nothing
    bool failed = false;     ///< it is not even known what is there
    std::vector<Row> rows;   ///< in the order in which they go
    std::uint64_t removed = 0;
    std::uint64_t removed_bytes = 0;  ///< by sizes where they are known, else as the disk says
};

/// Called after each removal; may be empty.
using OnRemoved = std::function<void(const Item&, std::uint64_t bytes)>;

/// Removes in one place what may go: one thing after another, until enough is free, it has taken 15
/// minutes, or 500 things are gone. What is in use by then is passed over. Each step has a limit of
/// time, so an engine that does not answer ends the run.
base::Task<PlaceReport> collect(Store& store, Marks marks, Wish wish, OnRemoved on_removed);

}  // namespace runner::collector
