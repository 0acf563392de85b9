#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/pull_queue.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// An image that the runner needs on the engine for itself. A plain value.
struct OwnPull {
    std::string image;
    std::string former_id;  ///< PullRequest::former_id
    std::vector<RegistrySettings> registries;
    bool fresh = false;  ///< PullRequest::fresh
    bool once = false;   ///< PullRequest::once
};

/// Pulls it with the logins of `[[runners.registry]]` and of the daemon's user, never with those of
/// a job. Failures: those of PullQueue::pull(); kInvalidInput for what is no image name.
base::Task<base::Result<ImageInfo>> pull_for_runner(PullQueue& pulls, OwnPull wanted, JobLog& log);

}  // namespace executors::docker
