#include <cstdlib>
#include <filesystem>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "executors/docker/credential_helper.hpp"
#include "executors/docker/registry_auth.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

void warn(JobLog& log, const std::string& source, const std::string& why) {
    log.warning("Failed to resolve credentials from " + source + ": " + why +
                ". Credentials from this source will not be used.");
}

/// Adds all credentials of a source or none: the warning says that none of it is used.
Task<Result<void>> add_config_text(RegistryAuth& auth, std::string source, std::string text) {
    auto file = parse_docker_auth(text);
    if (!file) co_return file.error();
    auto known = std::move(file->auths);
    if (!file->store.empty()) {
        auto stored = co_await ask_credential_store(file->store);
        if (!stored) co_return stored.error();
        known.merge(*stored);
    }
    for (const auto& [registry, helper] : file->helpers) {
        auto credential = co_await ask_credential_helper(helper, registry);
        if (credential) {
            known.try_emplace(registry, std::move(*credential));
        } else if (!credential.error().is(base::ErrorKind::kNotFound)) {
            co_return credential.error();
        }
    }
    auth.add_all(source, known);
    co_return Result<void>();
}

Result<Credential> declared_credential(const RegistrySettings& registry) {
    Credential credential;
    credential.username = registry.username;
    auto text = base::read_file(registry.password_file);
    if (!text) return text.error();
    credential.password = base::Secret(std::string(base::trim(*text)));
    return credential;
}

}  // namespace

Task<Result<RegistryAuth>> collect_registry_auth(const JobEnvironment& job,
                                                 const std::vector<RegistrySettings>& registries,
                                                 std::string home, JobLog& log) {
    RegistryAuth auth;
    if (!job.docker_auth_config.empty()) {
        const std::string source = "$DOCKER_AUTH_CONFIG";
        auto added = co_await add_config_text(auth, source, job.docker_auth_config);
        if (!added) warn(log, source, added.error().message);
    }
    for (const auto& registry : registries) {
        if (registry.username.empty() || registry.password_file.empty()) continue;
        auto credential = declared_credential(registry);
        const std::string source = "[[runners.registry]] " + registry.host;
        if (credential) {
            auth.add(source, registry_path(registry.host), *credential);
        } else {
            warn(log, source, credential.error().message);
        }
    }
    for (const char* name : {".docker/config.json", ".dockercfg"}) {
        if (home.empty()) break;
        const auto path = std::filesystem::path(home) / name;
        auto text = base::read_file(path);
        if (!text && text.error().is(base::ErrorKind::kNotFound)) continue;
        const std::string source = path.string();
        if (!text) {
            warn(log, source, text.error().message);
            break;
        }
        auto added = co_await add_config_text(auth, source, *text);
        if (!added) warn(log, source, added.error().message);
        break;
    }
    for (const auto& entry : job.credentials) {
        Credential credential;
        credential.username = entry.username;
        credential.password = entry.password;
        auth.add("job payload (GitLab Registry)", registry_path(entry.host), credential);
    }
    co_return auth;
}

}  // namespace executors::docker
