#pragma once

#include <string>

#include "base/result.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// The image of the build container, and what the configuration allows for it.
struct ImageChoice {
    ImageSpec image;
    std::string user;  ///< "": the image's own
    bool privileged = false;
};

/// The job's image, else the configuration's. Tells the job log which one it is. kConfiguration for
/// an image or user that is not allowed, and when there is no image.
base::Result<ImageChoice> choose_image(const JobEnvironment& job, const DockerSettings& docker,
                                       const DindSettings& dind, JobLog& log);

/// Where the job's inner Docker engine runs.
enum class InnerEngine {
    kNone,
    kBuildContainer,  ///< the image starts an engine itself
    kSidecar,         ///< beside the build container, as a service
    kService,         ///< in a service of the job
    kHost,            ///< the host's: its socket is mounted where clients look
};

/// Whether the container would start an engine with the ENTRYPOINT of the job or, without one, of
/// the image.
bool is_engine_image(const ImageChoice& choice, const ImageInfo& image);

/// What else a job has by which its clients find an engine.
struct OtherEngines {
    bool service = false;  ///< an engine runs in a service of the job
    bool socket = false;   ///< the default socket is mounted from the host
};

InnerEngine choose_inner_engine(const DindSettings& dind, const ImageChoice& choice,
                                const ImageInfo& image, const OtherEngines& others);

/// Why the engine of an engine image does not run, for the job log: the container is not
/// privileged. "" for other images and for mode = "off".
std::string unprivileged_reason(const DockerSettings& docker, const DindSettings& dind,
                                const ImageChoice& choice, const ImageInfo& image);

/// Whether the build container's user is root.
bool runs_as_root(const ImageChoice& choice, const ImageInfo& image);

}  // namespace executors::docker
