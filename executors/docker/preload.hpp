#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"

/// Images that are copied from the runner's engine into the engine of a job, so that the job need
/// not pull them: `preload_images` of [runners.dind], and always the builder's image.
namespace executors::docker {

class ImagePuller;

struct PreloadImage {
    std::string name;
    std::string id;    ///< on the runner's engine
    std::string mark;  ///< names its state file (helper/preload.hpp); the builder's is kBuilderMark
    std::string content = {};  ///< ImageInfo::content
};

inline constexpr const char* kBuilderMark = "builder";

/// The image that the prepared builder starts from.
std::string builder_image_name(const DindSettings& settings);

/// Gets the images onto the runner's engine, all at the same time. An image of `preload_images`
/// that cannot be pulled is a warning in the job log. The builder's image is not pulled: it counts
/// when it is there already. Fails only when it is cancelled.
base::Task<base::Result<std::vector<PreloadImage>>> plan_preloads(EngineApi& api,
                                                                  ImagePuller& puller,
                                                                  const DindSettings& settings,
                                                                  JobLog& log);

/// Streams an image into the engine that the container reaches at the default socket, unless that
/// engine has it. Memory: one block. The marks in the container tell the programs that wait
/// there how the copy ended; a failure is answered as well. Answers whether the image was sent.
base::Task<base::Result<bool>> copy_image(EngineApi& api, std::string container,
                                          PreloadImage image);

}  // namespace executors::docker
