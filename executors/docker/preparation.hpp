#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_puller.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/services.hpp"
#include "executors/docker/settings.hpp"
#include "executors/docker/volumes.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

inline constexpr const char* kHelper = "/.runner/bin/runner-helper";
inline constexpr const char* kJobDir = "/.runner-job";
/// Where a sidecar engine and the job share a socket.
inline constexpr const char* kEngineDir = "/.runner-engine";

/// Makes everything that a job needs on the engine and starts it, in one go.
///
/// Life: one run(), on the stack of DockerExecutor::prepare(). What is made is noted in `objects`,
/// before it is made; nothing is removed here.
class Preparation {
  public:
    struct Given {
        EngineConnection& engine;
        const DockerSettings& docker;
        const DindSettings& dind;
        const std::vector<RegistrySettings>& registries;
        const JobEnvironment& job;
        JobLog& log;
        JobObjects& objects;
    };

    Preparation(const boost::asio::any_io_executor& executor, const Given& given);
    base::Task<base::Result<void>> run();

  private:
    base::Result<void> choose_image();
    base::Result<void> plan();
    base::Task<base::Result<void>> make_surroundings();
    base::Task<base::Result<void>> make_volume(std::string body);
    base::Task<base::Result<void>> make_network();
    base::Task<base::Result<void>> obtain_image();
    base::Result<void> decide_engine();
    base::Task<base::Result<void>> plan_preloads();
    base::Task<base::Result<void>> start_sidecar();
    base::Task<base::Result<void>> start_build();
    base::Task<base::Result<void>> create_build(std::string body);
    base::Task<base::Result<void>> put_files();
    base::Task<base::Result<void>> put_dind_files(TarBuilder& tar);
    base::Task<base::Result<void>> put_ca_bundle(TarBuilder& tar);
    base::Task<base::Result<void>> look_into_image();
    base::Task<base::Result<int>> network_mtu();
    [[nodiscard]] ContainerPlan build_plan() const;
    [[nodiscard]] std::vector<std::string> build_environment() const;
    [[nodiscard]] std::vector<std::string> extra_hosts() const;
    [[nodiscard]] bool runs_as_root() const;

    boost::asio::any_io_executor executor_;
    Given given_;
    EngineApi& api_;
    JobRegistryAuth auth_;
    ImagePuller puller_;
    Services services_;
    Services sidecar_;
    ImageSpec image_;
    std::string user_;
    bool privileged_ = false;
    VolumePlan volumes_;
    std::vector<PlannedService> planned_services_;
    std::string network_;  ///< mode or name for HostConfig.NetworkMode
    ImageInfo facts_;
    std::string helper_volume_;
    std::vector<DeclaredRegistry> declared_;
    const ImageFiles* files_ = nullptr;
};

}  // namespace executors::docker
