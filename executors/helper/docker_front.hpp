#pragma once

#include <string>
#include <vector>

#include "executors/helper/preload.hpp"

namespace executors::helper {

/// The pending copies that a call of the docker client needs: of images that an argument names; all
/// of them for a command that may use images without naming them. Pure. The builder's image counts
/// only by its name. `has_buildx`: `docker build` is carried out by buildx, whose own front waits.
std::vector<PendingImage> needed_images(const std::vector<std::string>& arguments,
                                        const std::vector<PendingImage>& pending, bool has_buildx);

/// Whether `docker` with these arguments makes the engine resolve the name of a registry or of
/// another host. Builds with buildx do not count, because a builder resolves names itself.
/// `classic_build`: docker builds without buildx. Pure.
bool makes_engine_resolve(const std::vector<std::string>& arguments, bool classic_build);

/// Whether two names mean one image: "busybox" and "docker.io/library/busybox:latest" do. Pure.
bool is_same_image(const std::string& one, const std::string& other);

/// Where the docker client looks.
struct ClientFiles {
    std::string directory;  ///< DOCKER_CONFIG
    std::string system_plugin = "/usr/local/lib/docker/cli-plugins/docker-buildx";
};
/// Whether `docker buildx …` may be given to the plugin without the docker client, which asks the
/// plugin what it is and then calls it: that takes two processes and a tenth of a second. It may
/// when the client would call the runner's docker-buildx, and its configuration changes nothing
/// about commands.
bool may_skip_client(const std::vector<std::string>& arguments, const ClientFiles& files);

/// `docker`: waits for the images that the call needs, and until the engine knows the names that
/// the script has added (hosts_file.hpp), then becomes the docker client of the image.
/// Returns only when that cannot be started: 127, with a sentence on standard error.
int run_docker_front(const std::vector<std::string>& arguments);

}  // namespace executors::helper
