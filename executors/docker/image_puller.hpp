#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/image_facts.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// Gets the images of one job onto the engine, by the pull policies (job-runtime.md §5.3).
///
/// Life: one per preparation; what it is given outlives it. Calls may overlap. Failures:
/// kConfiguration, kUnavailable, kNotFound as classify_pull_failure() says; the reasons of each
/// policy are warnings in the job log.
class ImagePuller {
  public:
    ImagePuller(const boost::asio::any_io_executor& executor, EngineApi& api,
                const DockerSettings& settings, const std::vector<RegistrySettings>& registries,
                const JobEnvironment& job, JobLog& log);

    base::Task<base::Result<ImageFacts>> obtain(ImageSpec image);
    /// The credentials of the job, read once.
    base::Task<base::Result<const RegistryAuth*>> auth();

  private:
    base::Task<base::Result<ImageFacts>> obtain_by(ImageSpec image, std::string policy);
    base::Task<base::Result<void>> pull(const ImageSpec& image);
    base::Task<base::Result<void>> pull_with_retries(std::string name, std::string tag,
                                                     std::string platform, base::Secret auth);
    [[nodiscard]] base::Error final_error(const ImageSpec& image,
                                          const std::vector<std::string>& policies,
                                          const base::Error& last) const;

    EngineApi& api_;
    const DockerSettings& settings_;
    const std::vector<RegistrySettings>& registries_;
    const JobEnvironment& job_;
    JobLog& log_;
    std::map<std::string, ImageFacts> done_;  ///< by platform and name: pulled in this job already
    RegistryAuth auth_;
    bool auth_known_ = false;
    bool auth_running_ = false;
    base::Notifier auth_changed_;
};

}  // namespace executors::docker
