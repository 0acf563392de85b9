#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"

/// The files that tell an inner engine, its builder and the docker client about registries and the
/// network (design: declare once, fan out). Pure: texts in, texts out. What a person wrote wins
/// where both speak; lists are joined.
namespace executors::docker {

/// A `[[runners.registry]]` with its CA certificates read in.
struct DeclaredRegistry {
    RegistrySettings settings;
    std::string ca_pem;
};

/// A configuration file by its origin ("the image's /etc/docker/daemon.json"), for error sentences.
struct ConfigSource {
    std::string origin;
    std::string text;
};

/// Later sources win. `mtu` 0: not said. `flags`: arguments that dockerd is started with; what they
/// set already is left out of the file, because the engine refuses to hear a thing twice.
base::Result<std::string> merge_daemon_json(const std::vector<DeclaredRegistry>& registries,
                                            int mtu, const std::vector<std::string>& flags,
                                            const std::vector<ConfigSource>& sources);

/// "" when there is nothing to say.
base::Result<std::string> merge_buildkitd_toml(const std::vector<DeclaredRegistry>& registries,
                                               const std::vector<ConfigSource>& sources);

/// The client's config.json: `image` is what the image has. The job's own DOCKER_AUTH_CONFIG wins
/// over the image's, which wins over what was declared and what came with the payload.
base::Result<std::string> merge_docker_config(const RegistryAuth& auth, const ConfigSource& image);

/// "host:address" for every registry that has an address, without the port.
std::vector<std::string> registry_hosts(const std::vector<RegistrySettings>& registries);

/// Where certs.d, and so dockerd and buildkitd, find a registry's CA.
std::string registry_ca_path(const std::string& host);

/// Makes the builder current, not booted; prints one line for the job log. Runs as root with sh. A
/// builder of that name from an earlier job keeps its state and gets the new configuration.
std::string builder_script(const DindSettings& settings);

}  // namespace executors::docker
