#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/job_registry_auth.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// Gets the images of one job onto the engine, by the pull policies (job-runtime.md §5.3).
///
/// Life: one for each preparation; what it is given outlives it. Strand: the I/O thread; calls may
/// overlap. Failures: kConfiguration, kUnavailable and kNotFound by what classify_pull_failure()
/// says, with Error::pull_failure set; kConfiguration without it for a name or policy that is not
/// valid or not allowed. The failure of each policy is a warning in the job log.
class ImagePuller {
  public:
    ImagePuller(const PreparationContext& context, JobRegistryAuth& auth)
        : context_(context), auth_(auth) {}

    base::Task<base::Result<ImageInfo>> obtain(ImageSpec image);

  private:
    /// `again`: another policy has failed.
    base::Task<base::Result<ImageInfo>> obtain_by(ImageSpec image, std::string policy, bool again);
    /// An image of the engine, under its name or, by digest, under that of a mirror.
    base::Task<base::Result<ImageInfo>> find_local(const ImageSpec& image,
                                                   const DockerReference& reference);
    base::Task<base::Result<ImageInfo>> pull(const ImageSpec& image, std::string former_id,
                                             bool fresh, bool again);
    /// The image is used as the engine has it.
    void note_use(const ImageSpec& image, const ImageInfo& local);

    const PreparationContext& context_;
    JobRegistryAuth& auth_;
    std::map<std::string, ImageInfo> done_;  ///< by platform and name: obtained in this job already
};

}  // namespace executors::docker
