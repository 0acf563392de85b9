#pragma once

#include <string>
#include <vector>

namespace executors::helper {

/// Where a dockerd with its default settings has its containerd.
struct ContainerdPlaces {
    std::string root = "/var/lib/docker/containerd/daemon";
    std::string state = "/var/run/docker/containerd";
    /// dockerd uses this one when it is there.
    std::string of_system = "/run/containerd/containerd.sock";
};

/// Whether dockerd with these arguments and this daemon.json starts a containerd of its own at the
/// usual places. Pure.
bool starts_own_containerd(const std::vector<std::string>& arguments,
                           const std::string& daemon_json);

/// Starts the containerd of the dockerd that this process is going to be, as dockerd would, and
/// waits until it listens. dockerd does not wait: its first connection fails, and its gRPC library
/// tries again after a whole second. Answers the option by which dockerd uses it; "" when it does
/// not run, and dockerd starts one itself.
///
/// As with one of dockerd's own, it is killed when this process ends, and started again when it
/// ends by itself. A process beside this one does that, and is inherited by init. Throws Failure.
std::string start_containerd(const ContainerdPlaces& places = {});

/// The arguments with which this process is to become dockerd: with the option of a containerd that
/// runs already, where that is possible.
std::vector<std::string> with_containerd(std::vector<std::string> arguments);

}  // namespace executors::helper
