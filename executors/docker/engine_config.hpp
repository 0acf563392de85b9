#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"

/// The files that tell an inner engine, its builder and the docker client about registries and the
/// network: a registry is declared once, and each of these files gets it. Pure: texts in, texts
/// out. A value that the image or a configured file has wins over the runner's; lists are joined.
namespace executors::docker {

/// A `[[runners.registry]]` with its CA certificates read in.
struct DeclaredRegistry {
    RegistrySettings settings;
    std::string ca_pem;
};

/// The text of a configuration file, and its origin for messages ("the image's
/// /etc/docker/daemon.json").
struct ConfigSource {
    std::string origin;
    std::string text;
};

/// Later sources win. `mtu` 0: not set. `flags`: the arguments that dockerd is started with; keys
/// that they set are left out of the file, because dockerd refuses a key that is set twice.
base::Result<std::string> merge_daemon_json(const std::vector<DeclaredRegistry>& registries,
                                            int mtu, const std::vector<std::string>& flags,
                                            const std::vector<ConfigSource>& sources);

/// "" when the file would be empty. A registry that is declared with `http` gets no `insecure`, not
/// even from a source: with both, BuildKit tries TLS first and may fail there.
base::Result<std::string> merge_buildkitd_toml(const std::vector<DeclaredRegistry>& registries,
                                               const std::vector<ConfigSource>& sources);

/// The client's config.json. DOCKER_AUTH_CONFIG of the job wins over `image` (the file of the
/// image), which wins over declared registries and the credentials of the payload.
base::Result<std::string> merge_docker_config(const RegistryAuth& auth, const ConfigSource& image);

/// "host:address" for every registry that has an address, without the port.
std::vector<std::string> registry_hosts(const std::vector<RegistrySettings>& registries);

/// The hosts that a job with an engine reaches without a proxy: `docker`, and the private
/// registries: those with an address, with plain HTTP, or with a certificate that the world does
/// not know. One that is declared for its login only may be anywhere.
std::vector<std::string> direct_hosts(const std::vector<RegistrySettings>& registries);

/// The path at which dockerd and buildkitd look for a registry's CA (certs.d).
std::string registry_ca_path(const std::string& host);

}  // namespace executors::docker
