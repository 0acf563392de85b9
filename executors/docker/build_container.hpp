#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/build_files.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/preparation_context.hpp"

namespace executors::docker {

/// Makes and starts the container that a job's scripts run in.
///
/// Life: one make(), then one start(), within one preparation. The container is noted in JobObjects
/// before it is made. Strand: the I/O thread.
class BuildContainer {
  public:
    BuildContainer(const PreparationContext& context, const BuildParts& parts)
        : context_(context), parts_(parts) {}

    /// Creates the container and puts its files into it.
    base::Task<base::Result<void>> make(ContainerPlan plan);
    /// Puts the job's login into a container that was made without it and runs.
    base::Task<base::Result<void>> put_login();
    /// Starts it: its ENTRYPOINT runs, and may use the job's services.
    base::Task<base::Result<void>> start();

  private:
    base::Task<base::Result<void>> create(std::string body);
    /// Which of the files that matter the image has; asked of the engine once for each image.
    base::Task<base::Result<ImageFiles>> look_into_image();
    /// The same for the files of the docker client, which variables of the job may place.
    base::Task<base::Result<void>> look_for_client(ImageFiles& files, const ClientHome& home);

    const PreparationContext& context_;
    BuildParts parts_;
};

}  // namespace executors::docker
