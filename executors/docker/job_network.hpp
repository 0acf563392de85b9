#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/preparation_context.hpp"

namespace executors::docker {

/// Has the name of the job's own network, in all its containers; no variable of the job hides it.
inline constexpr const char* kNetworkVariable = "CI_BUILD_NETWORK_NAME";

/// The network of a job's containers: the configured one, or one that is made for the job.
///
/// Life: make() first, within one preparation. The name of a network that is made is noted in
/// JobObjects before it is made. Strand: the I/O thread.
class JobNetwork {
  public:
    explicit JobNetwork(const PreparationContext& context)
        : context_(context), mode_(context.docker.network_mode) {}

    /// Does nothing unless the job is to have a network of its own (FF_NETWORK_PER_BUILD).
    base::Task<base::Result<void>> make();
    /// For HostConfig.NetworkMode.
    [[nodiscard]] const std::string& mode() const { return mode_; }
    /// Whether containers find each other by names: the engine resolves them on every network that
    /// somebody has made, and on none of its own ones.
    [[nodiscard]] bool has_names() const;
    /// The MTU for an engine in a container of this network: the configuration's, else the smaller
    /// one of the network and of this machine's default route; 0 when nothing is known.
    base::Task<base::Result<int>> inner_mtu();

  private:
    base::Task<int> own_mtu();

    const PreparationContext& context_;
    std::string mode_;
};

}  // namespace executors::docker
