#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/settings.hpp"

/// Images that go from this engine into the one inside a job (design: preload_images; the builder's
/// always).
namespace executors::docker {

struct PreloadImage {
    std::string name;
    std::string id;    ///< on our engine
    std::string mark;  ///< helper/preload.hpp; the builder's is "builder"
};

/// The image that the prepared builder boots from.
std::string builder_image_name(const DindSettings& settings);

/// Streams the image into the engine that the container reaches at the default socket, unless it is
/// there. Memory: one block. The container's marks say how it went, whoever waits for it; a failure
/// is answered as well.
base::Task<base::Result<void>> copy_image(EngineApi& api, std::string container,
                                          PreloadImage image);

}  // namespace executors::docker
