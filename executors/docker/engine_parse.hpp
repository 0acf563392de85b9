#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/image_info.hpp"

/// The answers of the Docker Engine API as values. Pure. Every function answers kProtocol for a
/// body without a required field.
namespace executors::docker {

struct EngineInfo {
    std::string name;  ///< the host name of the engine's machine
    std::string server_version;
    std::string api_version;
    std::string os_type;
    std::string architecture;
    std::string id;  ///< of the engine's data, to tell engines apart
    std::string storage_driver;
    std::string root_directory;  ///< on the engine's machine
    std::string cgroup_driver;   ///< "none": it has no cgroups
    std::string cgroup_version;
    std::string system_time;  ///< RFC 3339
    std::vector<std::string> security_options;
    std::vector<std::string> warnings;  ///< what the kernel lacks

    /// Its networks are in a namespace of their own.
    [[nodiscard]] bool is_rootless() const;
};

struct ContainerState {
    std::string id;
    std::string status;  ///< created, running, exited …
    bool running = false;
    int exit_code = 0;
    bool oom_killed = false;
    std::string error;
    std::map<std::string, std::string> addresses;  ///< network name → IPv4
    std::vector<std::string> environment;          ///< NAME=value
    std::vector<std::string> exposed_ports;        ///< "2375/tcp"
};

struct ExecState {
    bool running = false;
    int exit_code = 0;
};

struct NetworkState {
    std::string id;
    std::string name;
    int mtu = 0;  ///< 0: the network has no such option
    std::vector<std::string> containers;
};

/// A container, network or volume in a list.
struct Listed {
    std::string id;
    std::string name;
    std::map<std::string, std::string> labels;
    /// Containers and volumes: seconds since 1970, by the engine's clock; 0: it does not say.
    std::int64_t created = 0;
    std::string image;                 ///< containers: the image's id
    std::string state;                 ///< containers: running, exited …
    std::vector<std::string> volumes;  ///< containers: names of what is mounted
};

struct ListedImage {
    std::string id;
    std::vector<std::string> tags;     ///< "alpine:3"
    std::vector<std::string> digests;  ///< "alpine@sha256:…"
    std::string parent;                ///< the id of the image that it was built on; "": not known
    std::uint64_t bytes = 0;           ///< with the layers that it has in common with others
    std::int64_t created = 0;          ///< of its content; seconds since 1970
};

/// Without `api_version`, which is not in the body.
base::Result<EngineInfo> parse_engine_info(std::string_view body);
base::Result<ImageInfo> parse_image_info(std::string_view body);
/// An answer without the state is kProtocol: read as "has ended with exit code 0", it would make a
/// job successful.
base::Result<ContainerState> parse_container_state(std::string_view body);
/// Of an answer to /stats: see EngineApi::container_memory().
base::Result<std::int64_t> parse_memory_use(std::string_view body);
base::Result<ExecState> parse_exec_state(std::string_view body);
base::Result<NetworkState> parse_network_state(std::string_view body);
/// The exit code in the answer to a wait.
base::Result<int> parse_container_end(std::string_view body);
/// The id of what was just created; `what` names it in the error ("a new container").
base::Result<std::string> parse_new_id(std::string_view body, const std::string& what);
base::Result<std::vector<Listed>> parse_containers(std::string_view body);
base::Result<std::vector<Listed>> parse_networks(std::string_view body);
base::Result<std::vector<Listed>> parse_volumes(std::string_view body);
base::Result<std::vector<ListedImage>> parse_images(std::string_view body);
/// Of the answer to /system/df.
base::Result<std::map<std::string, std::uint64_t>> parse_volume_sizes(std::string_view body);

}  // namespace executors::docker
