#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/image_puller.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/service_plan.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// What all services of a job have in common with its build container.
struct ServiceSurroundings {
    std::vector<std::string> binds;
    std::vector<std::string> extra_hosts;
    std::string network;
    bool user_network = false;  ///< has its own names; otherwise hosts entries make them
};

/// Starts the services of one job and looks after their health.
///
/// Life: start() for each, then wait_healthy(), within one preparation; what it is given outlives
/// it. Containers are noted in `objects` before they are made. A service that is not healthy is a
/// warning in the job log, never a failure.
class Services {
  public:
    Services(EngineApi& api, ImagePuller& puller, const DockerSettings& settings,
             const JobEnvironment& job, JobObjects& objects, JobLog& log);

    /// Side by side; the first failure ends all.
    base::Task<base::Result<void>> start(std::vector<PlannedService> services,
                                         const ServiceSurroundings& surroundings);
    base::Task<base::Result<void>> wait_healthy();
    /// "alias:address" for the build container, where the network has no names of its own.
    [[nodiscard]] std::vector<std::string> host_entries() const;

  private:
    struct Started {
        PlannedService plan;
        std::string id;
        std::string address;
        std::vector<int> ports;
        bool engine = false;
    };

    base::Task<base::Result<void>> start_one(std::size_t place,
                                             const ServiceSurroundings& surroundings);
    base::Task<base::Result<void>> create(std::size_t place, std::string platform,
                                          std::string body);
    base::Task<base::Result<void>> put_files(const Started& service);
    base::Task<base::Result<void>> check(std::size_t place);
    /// "" when healthy, else why not.
    base::Task<base::Result<std::string>> health_problem(const Started& service);
    base::Task<base::Result<std::string>> dial_until(const Started& service);
    base::Task<base::Result<std::string>> ping_engine(const Started& service);
    base::Task<base::Result<void>> print_warning(const Started& service, std::string problem);
    [[nodiscard]] std::chrono::seconds wait_limit() const;

    EngineApi& api_;
    ImagePuller& puller_;
    const DockerSettings& settings_;
    const JobEnvironment& job_;
    JobObjects& objects_;
    JobLog& log_;
    std::vector<Started> started_;
};

}  // namespace executors::docker
