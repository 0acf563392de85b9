#pragma once

#include "runner/status/snapshot.hpp"

namespace prometheus {
class Registry;
}

namespace runner::status {

/// Adds the metrics whose values are the present state of the daemon: its jobs, its runners, its
/// process.
void add_snapshot_metrics(prometheus::Registry& registry, const Snapshot& now);

}  // namespace runner::status
