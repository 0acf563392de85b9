#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/removal_tally.hpp"

/// The containers by which the runner fills its volumes. Those of the helper's volume are made,
/// never started, and removed at once; those of other volumes run for some minutes. One that a
/// killed daemon has left does no work for anybody.
namespace executors::docker {

/// A label of the helper's volume and of these containers.
inline constexpr const char* kHelperLabel = "runner.helper";
/// One that runs longer was left.
inline constexpr std::chrono::seconds kLongestFill{600};

/// A name for a container that fills `volume`; no other one has it.
std::string fill_container_name(const std::string& volume);
/// The name that all daemons of an engine use for it: the engine refuses a second one.
std::string shared_container_name(const std::string& volume);

/// Labels for it. `job`: those of the job for which it is filled, which name the runner.
std::map<std::string, std::string> fill_container_labels(
    const std::map<std::string, std::string>& job);
/// Which runner's it is: daemons on one machine may share the system's id. "" when the labels do
/// not say.
std::string fill_owner(const std::map<std::string, std::string>& labels);

struct FillSweep {
    /// Of those that are removed, at least; of those that run, kLongestFill.
    std::chrono::seconds age{0};
    /// As fill_owner(). Its containers go also when they run: its daemon begins only now.
    std::string owner;
    /// The volumes that this daemon fills; their containers stay.
    std::set<std::string> in_use;
};

/// Removes those of any daemon and any version. A daemon that is just using one makes another.
/// Fails when the engine does not list them.
base::Task<base::Result<void>> remove_fill_containers(EngineApi& api, FillSweep sweep,
                                                      RemovalTally& tally);

}  // namespace executors::docker
