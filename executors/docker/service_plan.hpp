#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/kept_data.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

struct PlannedService {
    ServiceSpec spec;
    std::string container_name;
    std::vector<std::string> aliases;
    std::string slug;
    std::string version;
    bool privileged = false;
    /// Not one of the job's: its names are complete, and it finds the programs of the runner first.
    bool of_runner = false;
    std::vector<std::string> binds;  ///< besides those of the job
    KeptData data = {};              ///< of the engine in it
    /// Put into the container before its start: absolute path, text.
    std::vector<std::pair<std::string, std::string>> files;
};

struct ServicePlan {
    std::vector<PlannedService> services;
    std::vector<std::string> warnings;
};

/// Names, aliases and permissions of a job's services (job-runtime.md §5.7); pure. kConfiguration
/// for a service that is not allowed, and for too many services.
base::Result<ServicePlan> plan_services(const JobEnvironment& job, const DockerSettings& settings,
                                        const std::string& container_base);

struct HealthPorts {
    std::vector<int> ports;
    std::string unusable;  ///< the value of HEALTHCHECK_TCP_PORT that is no port, "" for none
};

/// The ports to dial for the health check: HEALTHCHECK_TCP_PORT, else the exposed ones, at most 20.
HealthPorts health_ports(const std::vector<std::string>& environment,
                         const std::vector<std::string>& exposed_ports);

}  // namespace executors::docker
