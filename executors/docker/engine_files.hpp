#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/client_home.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

/// The PATH of an image that sets none.
inline constexpr const char* kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
inline constexpr const char* kDaemonJson = "/etc/docker/daemon.json";
inline constexpr const char* kBuildkitdToml = "/etc/buildkit/buildkitd.toml";

/// Looks into a container that was made but not started. `engine` also reads the users and the
/// configuration files of the engine and the builder.
base::Task<base::Result<ImageFiles>> probe_image(EngineApi& api, std::string container,
                                                 const ImageInfo& image, bool engine);
/// The same for the files of a docker client and its buildx.
base::Task<base::Result<ImageFiles>> probe_client(EngineApi& api, std::string container,
                                                  ClientHome home);

/// Reads the CA certificates of the declared registries from this host.
base::Result<std::vector<DeclaredRegistry>> read_registries(
    const std::vector<RegistrySettings>& registries);

/// What the files of an engine and its clients depend on.
struct EngineFilesInput {
    const DindSettings& dind;
    const std::vector<DeclaredRegistry>& registries;
    const RegistryAuth& auth;
    const ImageInfo& image;
    const ImageFiles& files;
    const ClientHome& home;
    /// The client's directory is a volume of the configuration: nothing is written to it.
    bool home_is_mounted = false;
    int mtu = 0;
};

/// Adds daemon.json and certs.d: where an engine runs.
base::Result<void> add_engine_files(TarBuilder& tar, const EngineFilesInput& input);
/// Adds buildkitd.toml, also as the default of buildx, the client's config.json and the runner's
/// docker-buildx: where scripts run. Where get_sources may remove it, config.json comes into
/// kLoginDir instead, and no default is added. Answers whether there is a config.json.
base::Result<bool> add_client_files(TarBuilder& tar, const EngineFilesInput& input);
/// certs.d alone, for builders made beside a sidecar engine.
void add_registry_certificates(TarBuilder& tar, const std::vector<DeclaredRegistry>& registries);
/// The system's bundle with the registries' CAs appended; `path` and `bundle` as found in the
/// image.
void add_ca_bundle(TarBuilder& tar, const std::string& path, const std::string& bundle,
                   const std::vector<DeclaredRegistry>& registries);

}  // namespace executors::docker
