#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/image_puller.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/job_volumes.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/service_plan.hpp"

namespace executors::docker {

/// What all services of a job have in common with its build container.
struct ServiceSurroundings {
    std::vector<std::string> binds;
    std::vector<std::string> extra_hosts;
    std::string network;         ///< for HostConfig.NetworkMode
    bool network_names = false;  ///< the network resolves aliases
    std::string own_network;     ///< the name of the network that was made for the job, "" for none
};

ServiceSurroundings make_surroundings(const PreparationContext& context, const JobNetwork& network,
                                      const JobVolumes& volumes);

/// `extra_hosts` of the configuration, and the registries that have an address.
std::vector<std::string> all_extra_hosts(const PreparationContext& context);

/// A service's container as it runs.
struct StartedService {
    PlannedService plan;
    std::string id;
    std::string image;       ///< id
    std::string address;     ///< IPv4, "" while it is not started or without a network
    std::vector<int> ports;  ///< for the health check
    bool engine = false;     ///< a Docker engine runs in it
    /// The directory in which its engine makes certificates (DOCKER_TLS_CERTDIR), "" for none.
    std::string certificates;
};

/// Whether one of the services can be reached by `name`; pure.
bool is_name_taken(const std::vector<StartedService>& services, const std::string& name);

/// Whether a service's container runs a Docker engine; pure.
bool runs_engine(const PlannedService& service, const ImageInfo& image);

/// The container of a service; pure.
ContainerPlan plan_service_container(const PlannedService& service, const ImageInfo& image,
                                     const JobEnvironment& job, const DockerSettings& settings,
                                     const ServiceSurroundings& surroundings);

/// Starts the services of one job.
///
/// Life: one start(), within one preparation; what it is given outlives it. Containers are noted in
/// JobObjects before they are made. Strand: the I/O thread. Failures name the service; a container
/// that the engine finds invalid is kConfiguration.
class Services {
  public:
    Services(const PreparationContext& context, ImagePuller& puller, JobVolumes& volumes)
        : context_(context), puller_(puller), volumes_(volumes) {}

    /// Starts them at the same time; the first failure stops all. `surroundings` stays valid until
    /// the end.
    base::Task<base::Result<void>> start(std::vector<PlannedService> services,
                                         const ServiceSurroundings& surroundings);
    [[nodiscard]] const std::vector<StartedService>& started() const { return started_; }
    /// "alias:address" for the build container, on a network that was not made for the job.
    [[nodiscard]] std::vector<std::string> host_entries() const;

  private:
    base::Task<base::Result<void>> start_one(std::size_t index,
                                             const ServiceSurroundings& surroundings);
    /// Lets the job's clients find an engine: the name "docker" when it is free, and a volume for
    /// its certificates.
    base::Task<base::Result<void>> share_engine(std::size_t index, const ImageInfo& image);
    void warn_of_missing_privilege(const StartedService& service, const ImageInfo& image);
    base::Task<base::Result<void>> make(std::size_t index, const ImageInfo& image,
                                        const ServiceSurroundings& surroundings);
    base::Task<base::Result<void>> create(std::size_t index, std::string body);
    base::Task<base::Result<void>> put_files(const StartedService& service);
    /// Learns the address and the ports of a container that runs.
    base::Task<base::Result<void>> inspect(std::size_t index);

    const PreparationContext& context_;
    ImagePuller& puller_;
    JobVolumes& volumes_;
    std::vector<StartedService> started_;
};

}  // namespace executors::docker
