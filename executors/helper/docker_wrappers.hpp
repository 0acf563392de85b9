#pragma once

#include <string>
#include <vector>

/// Wrappers of dockerd, docker and docker-buildx in a job's container: found first under the same
/// name, they change the arguments or wait, and then become the real program.
///
/// rewrite_…() are pure. run_…() return only when the real program cannot be started: 127, with a
/// sentence on standard error.
namespace executors::helper {

/// Removes the unencrypted TCP listener that docker:dind's entrypoint asks for: it makes dockerd
/// wait 16 seconds with a warning at its start, and opens it to the network. With TLS in the
/// arguments the listener stays. All other arguments stay.
std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments);
int run_dockerd_wrapper(const std::vector<std::string>& arguments);

/// `docker`: waits until the engine knows the names that the script has added (hosts_file.hpp).
int run_docker_wrapper(const std::vector<std::string>& arguments);

/// `buildx create --append` without a name made a builder up to buildx 0.12 and fails since 0.13.
/// In a job it is meant for the prepared builder: its name and node are added, and the image that
/// it boots from, because the options of the command replace those of the node. Every other command
/// stays as it is.
std::vector<std::string> rewrite_buildx(const std::vector<std::string>& arguments,
                                        const std::string& builder, const std::string& image);

/// `docker-buildx`, as the docker client calls its plugin: becomes the plugin of the image.
int run_buildx_wrapper(const std::vector<std::string>& arguments);

}  // namespace executors::helper
