#pragma once

#include <string>

#include "executors/helper/data_root.hpp"

namespace executors::helper {

/// What is wrong with the data, for the job log; "" when an engine may use it. Looks for what makes
/// an engine or a builder fail later and not at its start: layers that are gone, databases that are
/// none, containers whose files only their own engine can remove. Throws Failure.
std::string damage_of(const DataRoot& root);

/// Whether only the engine can remove its containers: those in containerd's store.
bool only_engine_removes_containers(const DataRoot& root);

/// Before an engine starts: leaves the images, the layers, the caches of builds, the engine's id by
/// which its builder finds those, and the data of some volumes: of `kept_volume`, when the name is
/// not empty, and of the two that were used last among those with the state of other builders.
/// Everything else is set aside: containers with the parts of their file systems, networks,
/// volumes, plugins, swarms, checkpoints, programs that containerd would load, and what this
/// program does not know. Throws Failure when the data is not what an engine writes; it must not be
/// used then.
void clean_data(DataRoot& root, const std::string& kept_volume);

}  // namespace executors::helper
