#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/port_probe.hpp"
#include "executors/docker/services.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// Waits until the services of a job answer. A service that does not answer within
/// `wait_for_services_timeout` is a warning in the job log, never a failure.
///
/// Life: one wait(), within one preparation; what it is given outlives it. Strand: the I/O thread.
class ServiceHealth {
  public:
    /// `reaches_networks`: this machine may reach the networks of the engine. `probe` asks for
    /// ports where it does not.
    ServiceHealth(EngineApi& api, const DockerSettings& settings, JobLog& log,
                  bool reaches_networks, PortProbe& probe)
        : api_(api),
          settings_(settings),
          log_(log),
          reaches_networks_(reaches_networks),
          probe_(probe) {}

    /// Fails only when it is cancelled.
    base::Task<base::Result<void>> wait(const std::vector<StartedService>& services);

  private:
    base::Task<base::Result<void>> check(const StartedService& service);
    /// "" when the service is healthy, else the problem.
    base::Task<base::Result<std::string>> find_problem(const StartedService& service);
    /// A service without a port is watched for a moment: one that ends at once is reported.
    base::Task<base::Result<std::string>> watch(const StartedService& service);
    /// nullopt when this machine does not reach the service's network.
    base::Task<base::Result<std::optional<std::string>>> connect_until(
        const StartedService& service);
    /// As find_problem(), of its ports.
    base::Task<base::Result<std::string>> ask_ports(const StartedService& service);
    enum class Ports { kOpen, kClosed, kOutOfReach };
    base::Task<base::Result<Ports>> try_ports(const StartedService& service);
    /// Asks by a client inside: an open port says only that the engine is about to start.
    base::Task<base::Result<std::string>> ping_engine(const StartedService& service);
    base::Task<void> print_warning(const StartedService& service, std::string problem);
    [[nodiscard]] std::chrono::seconds limit() const;

    EngineApi& api_;
    const DockerSettings& settings_;
    JobLog& log_;
    bool reaches_networks_;
    PortProbe& probe_;
};

}  // namespace executors::docker
