#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "executors/docker/settings.hpp"

namespace executors::docker {

/// What the runner decides about one container; the rest comes from the configuration.
struct ContainerPlan {
    std::string image;  ///< digest or id, so that the image that was checked is the one that runs
    std::optional<std::vector<std::string>> entrypoint;  ///< nullopt: the image's own
    std::optional<std::vector<std::string>> command;
    std::vector<std::string> environment;  ///< NAME=value
    std::string user;
    std::string hostname;
    std::vector<std::string> binds;
    std::vector<std::string> anonymous_volumes;
    std::vector<std::string> extra_hosts;
    std::map<std::string, std::string> labels;
    std::string network;               ///< "" : the engine's default bridge
    std::vector<std::string> aliases;  ///< on a user-defined network
    std::vector<std::string> devices;  ///< services: those that services_devices grants
    bool privileged = false;
    bool init = false;
};

/// Bodies of `POST /containers/create` by the table of job-runtime.md §5.8. Pure.
/// `mac_on_endpoint`: the engine speaks API version 1.44 or newer. kConfiguration names the key
/// whose value is not valid.
base::Result<std::string> build_container_json(const DockerSettings& settings,
                                               const ContainerPlan& plan, bool mac_on_endpoint);
base::Result<std::string> service_container_json(const DockerSettings& settings,
                                                 const ContainerPlan& plan, bool mac_on_endpoint);

/// "Healthcheck" of a container in which the runner works by itself. Without it, the engine would
/// run the HEALTHCHECK of the image there, as the user of the container.
nlohmann::json no_healthcheck();

/// The devices that `services_devices` grants to a service's image.
std::vector<std::string> service_devices(const DockerSettings& settings, const std::string& image);

/// Replaces `seccomp=<file>` by the file's text, as the engine needs it; reads files of this host.
base::Result<std::vector<std::string>> resolve_security_options(
    const std::vector<std::string>& options);

}  // namespace executors::docker
