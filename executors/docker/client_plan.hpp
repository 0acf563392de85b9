#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executors/docker/image_info.hpp"
#include "executors/spec.hpp"

/// What the variables of a job tell its docker client, and what the job's engine does so that the
/// client finds it. Pure. The facts are those of the docker CLI and of the entrypoints of
/// docker:cli and docker:dind (job-runtime.md §5.10).
namespace executors::docker {

/// Where the clients of an engine look when nothing tells them otherwise.
inline constexpr const char* kEngineSocket = "/var/run/docker.sock";

/// A variable of the docker client: the job's value, else that of the image; nullopt when neither
/// sets it.
std::optional<std::string> client_variable(const JobEnvironment& job, const ImageInfo& image,
                                           std::string_view name);

/// Whether only clients may see a variable of the job: dockerd reads some of these names itself.
bool is_client_variable(std::string_view name);

/// The engine that the job's scripts shall use, as their client sees it.
struct ClientQuestion {
    const JobEnvironment& job;
    const ImageInfo& image;          ///< of the job's container
    std::vector<std::string> names;  ///< of the engine's machine, in lower case
    bool has_socket = true;          ///< it is behind kEngineSocket
    /// DOCKER_TLS_CERTDIR of an engine that is not ours to decide about; nullopt: the job decides.
    std::optional<std::string> fixed_certificates;
    /// The engine's own DOCKER_TLS_CERTDIR, for a job that asks for TLS and names no directory.
    std::string default_certificates;
};

struct ClientPlan {
    bool reaches = true;       ///< the client of the scripts uses this engine
    bool by_default = true;    ///< and names no address, or exactly that of kEngineSocket
    bool open_port = false;    ///< the engine listens on port 2375, without TLS
    std::string certificates;  ///< DOCKER_TLS_CERTDIR of an engine with port 2376; "": no TLS
    /// For scripts, where the job has none of them.
    std::vector<EnvironmentVariable> variables;
    /// One line for the job log: why the client does not use this engine; else "".
    std::string problem;
    bool contradiction = false;  ///< `problem` names two variables that exclude each other
};

ClientPlan plan_client(const ClientQuestion& question);

}  // namespace executors::docker
