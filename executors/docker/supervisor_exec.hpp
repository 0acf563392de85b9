#pragma once

#include <string>
#include <vector>

#include "executors/docker/engine_api.hpp"
#include "executors/docker/job_objects.hpp"

namespace executors::docker {

/// Which connection to a job's supervisor is made.
enum class SupervisorExec {
    kAgain,  ///< the supervisor has answered before
    kFirst,
    kHeld,  ///< the first one, to a container that waits for its job
};

/// The exec by which the daemon reaches the supervisor in a job's container; pure. `directories`:
/// those that former jobs of the slot may have left to another user.
ExecSpec supervisor_exec(const JobObjects& objects, const std::vector<std::string>& directories,
                         SupervisorExec which);

}  // namespace executors::docker
