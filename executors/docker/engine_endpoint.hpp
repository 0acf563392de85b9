#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/settings.hpp"
#include "protocol/http/client.hpp"

namespace executors::docker {

/// Reads one environment variable; nullopt when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const char*)>;

/// Where an engine listens.
struct EngineEndpoint {
    std::string url;    ///< for protocol::http: "unix:///…", "http://…", "https://…"
    std::string shown;  ///< as it is configured, for messages
    protocol::http::TlsSettings tls;
    std::vector<std::string> program;  ///< of ssh://: each connection is a call of it
    bool local = false;                ///< a unix socket: the engine runs on this machine
};

/// The configuration's host, else DOCKER_HOST with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, else the
/// default socket. ssh://[user@]host[:port][/path/of/the/socket] becomes, as in the docker client,
/// a call of ssh(1) that runs `docker system dial-stdio` there; it must not ask for anything, so
/// keys and known hosts are those of the daemon's user. kConfiguration for an address with a
/// protocol that the runner does not speak.
base::Result<EngineEndpoint> resolve_endpoint(const DockerSettings& settings,
                                              const EnvironmentLookup& environment);

}  // namespace executors::docker
