#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runner/config/config.hpp"
#include "runner/journal/volume_names.hpp"

namespace runner::migrate {

/// The labels of each volume of a Docker engine, by the volume's name.
using EngineVolumes = std::map<std::string, std::map<std::string, std::string>>;

/// The volumes of one project and slot of a runner that jobs here will use.
struct AdoptedSlot {
    std::int64_t project = 0;
    int slot = 0;
    std::string prefix;           ///< the name that this program would give
    std::string official_prefix;  ///< the same when no change of names is needed
    int volumes = 0;
};

struct VolumePlan {
    std::vector<AdoptedSlot> slots;
    /// Names of cache volumes of this runner that were made with another token or system id.
    std::vector<std::string> of_another_token;
    /// Official volumes whose place has volumes of this program already.
    std::vector<std::string> replaced;
};

/// Finds the cache volumes that the official runner made for `runner`. They have the hash of its
/// token, the system id, the project and the slot in their names, and project and runner in their
/// labels (job-runtime.md §5.5, §5.2). Pure.
VolumePlan plan_volumes(const config::RunnerConfig& runner, const std::string& system_id,
                        const EngineVolumes& volumes);

/// Adds the changes of names to `adopted`.
void adopt(const VolumePlan& plan, journal::AdoptedVolumes& adopted);

}  // namespace runner::migrate
