#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"

namespace executors::docker {

/// How long an engine may take to answer about a container that waits for a job.
inline constexpr std::chrono::seconds kWarmAskLimit{2};

/// What an engine says of a container that waits for a job.
struct WarmLook {
    std::shared_ptr<EngineConnection> engine;
    std::string container;
    bool ended = false;             ///< it has ended, or is gone
    std::int64_t memory_bytes = 0;  ///< 0: not known
};

/// Asks all engines at the same time, each question for kWarmAskLimit at most. What an engine does
/// not answer stays as it was; `stop` ends the questions.
base::Task<void> look_at(std::list<WarmLook>& looks, base::StopSource& stop);

}  // namespace executors::docker
