#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/job_registry_auth.hpp"
#include "executors/docker/preparation_steps.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// How a pull that fails because of the network is repeated. The pause before the next try is
/// random, between `shortest_pause` and `longest_pause`.
struct PullRetries {
    int tries = 3;
    std::chrono::milliseconds shortest_pause{2000};
    std::chrono::milliseconds longest_pause{10000};
};

/// Gets the images of one job onto the engine, by the pull policies (job-runtime.md §5.3).
///
/// Life: one for each preparation; what it is given outlives it. Strand: the I/O thread; calls may
/// overlap. Failures: kConfiguration, kUnavailable and kNotFound by what classify_pull_failure()
/// says, with Error::pull_failure set; kConfiguration without it for a name or policy that is not
/// valid or not allowed. The failure of each policy is a warning in the job log.
class ImagePuller {
  public:
    ImagePuller(EngineApi& api, const DockerSettings& settings, JobRegistryAuth& auth, JobLog& log,
                PreparationSteps& steps, PullRetries retries = {});

    /// From now on `usage` hears which images are pulled and used. It outlives the puller.
    void record_uses(EngineUsage& usage, std::string user);
    base::Task<base::Result<ImageInfo>> obtain(ImageSpec image);

  private:
    base::Task<base::Result<ImageInfo>> obtain_by(ImageSpec image, std::string policy);
    base::Task<base::Result<void>> pull(const ImageSpec& image);
    base::Task<base::Result<std::uint64_t>> pull_with_retries(std::string name, std::string tag,
                                                              std::string platform,
                                                              base::Secret auth);
    [[nodiscard]] std::chrono::milliseconds random_pause() const;

    EngineApi& api_;
    const DockerSettings& settings_;
    JobRegistryAuth& auth_;
    JobLog& log_;
    PreparationSteps& steps_;
    PullRetries retries_;
    EngineUsage* usage_ = nullptr;
    std::string user_;
    std::map<std::string, ImageInfo> done_;  ///< by platform and name: obtained in this job already
};

}  // namespace executors::docker
