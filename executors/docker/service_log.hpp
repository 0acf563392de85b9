#pragma once

#include <string>

#include "base/log.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// Writes the output of a service into the job log, line by line, until its container ends or `log`
/// is null (CI_DEBUG_SERVICES). A log that cannot be read is a warning in the daemon's log only.
/// `api` and `log` outlive the task.
base::Task<void> follow_service(EngineApi& api, std::string id, std::string name,
                                JobLog* const& log, base::log::Scope daemon_log);

}  // namespace executors::docker
