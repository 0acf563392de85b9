#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/client_plan.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/image_puller.hpp"
#include "executors/docker/inner_engine.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/job_volumes.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/service_plan.hpp"
#include "executors/docker/services.hpp"

namespace executors::docker {

/// What the sidecar engine depends on. Lives as long as the call.
struct SidecarInput {
    const DindSettings& dind;
    const JobEnvironment& job;
    const std::vector<DeclaredRegistry>& registries;
    const ClientPlan& client;
    std::string container_base;
    std::string name;  ///< by which scripts find it
    std::string helper_volume;
    int mtu = 0;  ///< 0: the engine's own
    BuilderVolume builder_volume = {};
    KeptData data = {};
};

/// The service that runs a Docker engine for an image without one; pure.
base::Result<PlannedService> plan_sidecar_engine(const SidecarInput& input);

/// Runs a Docker engine beside the build container (`mode = "on"` in [runners.dind]). The job
/// reaches it by a socket in a volume that both share.
///
/// Life: start() at most once, within one preparation; what it is given outlives it. Strand: the
/// I/O thread.
class SidecarEngine {
  public:
    SidecarEngine(const PreparationContext& context, ImagePuller& puller, JobNetwork& network,
                  JobVolumes& volumes)
        : context_(context),
          network_(network),
          volumes_(volumes),
          services_(context, puller, volumes) {}

    base::Task<base::Result<void>> start(const std::vector<DeclaredRegistry>& registries,
                                         const InnerEnginePlan& plan, std::string helper_volume,
                                         KeptData data);
    /// The engine's service; empty when it was not started.
    [[nodiscard]] const std::vector<StartedService>& started() const { return services_.started(); }
    /// As Services::host_entries(); empty when it was not started.
    [[nodiscard]] std::vector<std::string> host_entries() const { return services_.host_entries(); }

  private:
    const PreparationContext& context_;
    JobNetwork& network_;
    JobVolumes& volumes_;
    Services services_;
};

}  // namespace executors::docker
