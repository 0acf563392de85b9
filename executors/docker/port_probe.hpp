#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"

namespace executors::docker {

/// A service whose ports are to be asked.
struct ProbedService {
    std::string id;
    std::string name;     ///< of its container
    std::string image;    ///< id
    std::string address;  ///< "" for a container without an address of its own
    std::vector<int> ports;
};

/// Asks for the ports of a service from inside of its network, by a short-lived container: for an
/// engine whose networks this machine does not reach (another machine, a rootless engine, a daemon
/// that runs in a container), and for services on the host's network.
///
/// Life: within one preparation. The containers are noted in `containers`, so that the job's
/// cleanup removes what an interruption leaves. Strand: the I/O thread; calls may overlap.
class PortProbe {
  public:
    /// `helper_volume`: the volume with runner-helper. `labels`: those of the job.
    PortProbe(EngineApi& api, std::string helper_volume, std::map<std::string, std::string> labels,
              std::vector<std::string>& containers)
        : api_(api),
          helper_volume_(std::move(helper_volume)),
          labels_(std::move(labels)),
          containers_(containers) {}

    /// "" as soon as one of the ports takes a connection, else the problem. kCancelled, or the
    /// engine's failure.
    base::Task<base::Result<std::string>> ask(ProbedService service, std::chrono::seconds limit);

  private:
    base::Task<base::Result<std::string>> run(const ProbedService& service,
                                              std::chrono::seconds limit, std::string name);
    base::Task<base::Result<std::string>> await_end(const ProbedService& service,
                                                    std::chrono::seconds limit, std::string id);
    [[nodiscard]] std::string body(const ProbedService& service, std::chrono::seconds limit) const;

    EngineApi& api_;
    std::string helper_volume_;
    std::map<std::string, std::string> labels_;
    std::vector<std::string>& containers_;
};

/// What a health check says of ports that did not answer.
std::string no_answer(const std::string& address, const std::vector<int>& ports,
                      std::chrono::seconds limit);

/// What it says of a container that has ended.
std::string ended_with(int exit_code);

}  // namespace executors::docker
