#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/build_container.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/engine_data.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/image_puller.hpp"
#include "executors/docker/inner_engine.hpp"
#include "executors/docker/job_git.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/job_registry_auth.hpp"
#include "executors/docker/job_volumes.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/service_plan.hpp"
#include "executors/docker/services.hpp"
#include "executors/docker/sidecar_engine.hpp"
#include "executors/docker/warm_need.hpp"

namespace executors::docker {

/// Makes everything that a job needs on the engine and starts it: the order of the steps. Each
/// member knows how to do its own part.
///
/// Life: one run(), within DockerExecutor::prepare(), or look() and then run(). Everything that is
/// made is noted in `context.objects` before it is made; nothing is removed here. Strand: the I/O
/// thread. Failures are those of executors::Executor::prepare().
class Preparation {
  public:
    Preparation(const boost::asio::any_io_executor& executor, const PreparationContext& context);
    base::Task<base::Result<void>> run();
    /// Decides what needs no container, and obtains the image. For a job that is_warmable().
    base::Task<base::Result<void>> look();
    /// After look(): what the job needs of an environment that is ready ahead.
    base::Result<WarmNeed> need();
    /// After look(): what an environment that was made ahead lacks of the job's own.
    base::Task<base::Result<void>> complete();

  private:
    base::Task<base::Result<void>> begin();
    /// Decides what needs no engine.
    base::Result<void> plan();
    base::Task<base::Result<void>> make_volumes_and_network();
    base::Task<base::Result<void>> start_services();
    base::Task<base::Result<void>> obtain_image();
    base::Task<base::Result<void>> prepare_inner_engine();
    base::Task<base::Result<void>> find_preloads();
    /// The volume from which the job's engine takes the builder's image, where it can.
    base::Task<base::Result<void>> choose_builder_volume();
    /// Decides where the job's engine runs, and tells the job log.
    void choose_engine();
    /// Makes the job's container while the services become ready, and starts it after that. A git
    /// mirror is copied meanwhile.
    base::Task<base::Result<void>> start_build();
    base::Task<base::Result<void>> make(BuildContainer& build, JobGit& git, MadeFlag& made);
    base::Task<base::Result<void>> start_when_ready(BuildContainer& build, JobGit& git,
                                                    MadeFlag& made);
    base::Task<base::Result<void>> await_services();
    base::Task<base::Result<void>> report_inner_platforms();
    [[nodiscard]] BuildParts parts();
    [[nodiscard]] ContainerPlan plan_build(bool held);
    /// The services that the ENTRYPOINT of the job's container may use.
    [[nodiscard]] std::vector<StartedService> awaited_services() const;

    boost::asio::any_io_executor executor_;
    PreparationContext context_;
    JobRegistryAuth auth_;
    ImagePuller puller_;
    JobVolumes volumes_;
    JobNetwork network_;
    Services services_;
    SidecarEngine sidecar_;
    EngineData data_;
    ImageChoice choice_;
    std::vector<PlannedService> planned_services_;
    std::vector<DeclaredRegistry> declared_;
    ImageInfo image_;
    InnerEnginePlan engine_;
    std::string helper_volume_;
    bool reaches_networks_ = false;  ///< see ServiceHealth
    bool looked_ = false;
};

}  // namespace executors::docker
