#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "executors/docker/background_filling.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/preload.hpp"

/// The builder's image for inner engines that have nothing yet: a volume for each pair of an
/// image with an engine and a builder's image. It holds the data root of such an engine, into which
/// that engine has loaded the builder's image; a job has it read-only, and its engine takes the
/// image from there before it starts (executors/helper/engine_seed.hpp).
namespace executors::docker {

struct BuilderVolume {
    std::string name;          ///< "" for none
    std::string engine_image;  ///< id of the image whose dockerd fills it
    std::string helper_volume;
};

/// Pure. `engine_image`, `builder_image`: ids, which name immutable content.
std::string builder_volume_name(const std::string& engine_image, const std::string& builder_image);

/// Where containers have it, as a bind for HostConfig; "" for no volume.
std::string builder_volume_bind(const BuilderVolume& volume);

/// Fills the volumes of one engine beside the jobs: a job that had to be sent the image asks for
/// it, and the next one finds it.
///
/// Life: that of the engine's connection; `api` outlives it. Strand: the I/O thread. When a filling
/// that failed is tried again: FillingPauses.
class BuilderVolumes {
  public:
    /// `background` runs the fillings, and is waited for before this ends; null: nothing is filled.
    BuilderVolumes(EngineApi& api, base::TaskGroup* background);

    /// Makes the volume, empty, unless it is there.
    base::Task<base::Result<void>> make(BuilderVolume volume, PreloadImage builder);
    /// Fills the volume in the background. Does nothing while another one is filled. `labels`: of
    /// the job.
    void fill_later(BuilderVolume volume, PreloadImage builder,
                    std::map<std::string, std::string> labels);
    BackgroundFilling& background() { return background_; }

  private:
    EngineApi& api_;
    BackgroundFilling background_;
};

}  // namespace executors::docker
