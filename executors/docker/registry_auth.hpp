#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

/// The credentials for registries (job-runtime.md §5.4).
namespace executors::docker {

struct Credential {
    std::string username;
    base::Secret password;
    base::Secret identity_token;
};

/// The parts of Docker's config.json that concern credentials.
struct DockerAuthFile {
    std::map<std::string, Credential> auths;     ///< registry path → credential
    std::string store;                           ///< credsStore
    std::map<std::string, std::string> helpers;  ///< credHelpers: registry path → helper
};

/// "https://index.docker.io/v1/" → "docker.io", "https://host/x" → "host"; otherwise lower-case
/// host, path kept.
std::string registry_path(std::string_view key);

/// kInvalidInput with the reason; its message never contains the text, which has secrets.
base::Result<DockerAuthFile> parse_docker_auth(std::string_view text);

/// The credentials known to a job. Sources are added in their order; the first definition of a
/// registry path wins.
class RegistryAuth {
  public:
    void add(const std::string& source, const std::string& path, Credential credential);
    void add_all(const std::string& source, const std::map<std::string, Credential>& credentials);

    struct Found {
        std::string source;  ///< for the log
        Credential credential;
        std::string path;
    };
    /// The credential of the longest path that the image's name begins with; the name is shortened
    /// by one "/" at a time.
    [[nodiscard]] std::optional<Found> find(std::string_view image) const;
    [[nodiscard]] const std::map<std::string, Found>& all() const { return entries_; }

  private:
    std::map<std::string, Found> entries_;
};

/// Value of the header X-Registry-Auth.
base::Secret registry_auth_header(const Credential& credential, std::string_view server);

/// One entry of the "auths" table of a config.json: the key for a registry path, and its "auth".
std::string auth_table_key(const std::string& path);
std::string auth_table_value(const Credential& credential);

/// Reads all sources: DOCKER_AUTH_CONFIG of the job, [[runners.registry]], ~/.docker/config.json or
/// ~/.dockercfg of `home`, the payload. Credential helpers run on this host. A source that cannot
/// be used is named in the job log and left out.
base::Task<base::Result<RegistryAuth>> collect_registry_auth(
    const JobEnvironment& job, const std::vector<RegistrySettings>& registries, std::string home,
    JobLog& log);

}  // namespace executors::docker
