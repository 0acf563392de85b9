#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"

/// The containers by which the helper's volume is filled: made, never started, and removed at once.
/// One that a killed daemon has left does no work for anybody.
namespace executors::docker {

/// A label of the helper's volume and of these containers.
inline constexpr const char* kHelperLabel = "runner.helper";

/// A name for a container that fills `volume`; no other one has it.
std::string fill_container_name(const std::string& volume);

/// Removes those that are at least `age` old, and of those that run, at least ten minutes; of any
/// daemon and any version. A daemon that is just using one makes another. Answers how many were
/// removed.
base::Task<base::Result<int>> remove_fill_containers(EngineApi& api, std::chrono::seconds age);

}  // namespace executors::docker
