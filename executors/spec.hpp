#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/secret.hpp"

/// What an executor is told about a job, without anything of GitLab's JSON.
namespace executors {

struct EnvironmentVariable {
    std::string name;
    std::string value;
};

struct ImageSpec {
    std::string name;
    /// nullopt: that of the image. {""} or {}: none.
    std::optional<std::vector<std::string>> entrypoint;
    std::vector<std::string> pull_policies;  ///< of the job; empty: those of the configuration
    std::string platform;
    std::string user;
};

struct ServiceSpec {
    ImageSpec image;
    std::vector<std::string> aliases;
    std::vector<std::string> command;
    std::vector<EnvironmentVariable> environment;
    bool from_configuration = false;
};

struct RegistryCredential {
    std::string host;
    std::string username;
    base::Secret password;
};

/// A repository that may have a mirror on the engine, with the login of this job.
struct GitMirrorSource {
    std::string volume;  ///< of the mirror; unique to runner, machine, project and address
    std::string url;     ///< without credentials
    std::string username;
    base::Secret password;
    std::string authority;                 ///< certificates to trust as PEM, "": the system's
    std::vector<std::string> environment;  ///< proxies of the configuration, "NAME=value"
    std::string ref;
    std::int64_t depth = 0;  ///< 0: the whole history
    bool sha256 = false;
};

/// What the first fetch of a job into a new repository has cost.
struct GitClone {
    enum class From : std::uint8_t { kServer, kMirror, kDamagedMirror };
    From from = From::kServer;
    std::chrono::milliseconds duration{0};
    std::uint64_t bytes = 0;  ///< of packs, with those that the mirror has given
};

/// RUNNER_DIND_PERSIST of a job: what it wants of the kept data of its engine.
enum class EngineDataWish : std::uint8_t { kConfigured, kNone, kUnknown };

class DriverJob;

/// Everything that an executor is told about a job. A plain value that lives as long as the job.
struct JobEnvironment {
    std::int64_t job_id = 0;
    std::int64_t project_id = 0;
    std::string base_name;  ///< "runner-<short token>-project-<id>-concurrent-<n>", RFC 1123
    std::map<std::string, std::string> labels;  ///< complete names, job.id, runner.id, managed …
    std::optional<ImageSpec> image;             ///< that the job asks for
    std::string default_image;  ///< of the configuration, for a job that asks for none
    std::vector<ServiceSpec> services;
    /// What the destinations of the configuration's volumes become, where they have variables.
    std::map<std::string, std::string> volume_destinations;
    std::string builds_dir;
    std::string project_dir;
    std::string tmp_dir;
    /// For containers' configuration: public, non-file variables only. Scripts get theirs per
    /// stage.
    std::vector<EnvironmentVariable> environment;
    /// The variables of the job that decide where a docker client looks (DOCKER_HOST, HOME …), also
    /// those that are not public. They hold no secrets.
    std::vector<EnvironmentVariable> client_environment;
    std::string docker_auth_config;               ///< the job's DOCKER_AUTH_CONFIG, "" for none
    std::vector<RegistryCredential> credentials;  ///< of the payload
    /// "runner-" and 32 hexadecimal digits, unique to runner, machine, project and slot. The names
    /// of volumes that outlive the job begin with it.
    std::string volume_prefix;
    bool protected_ref = false;
    bool keep_builds_volume = true;  ///< GIT_STRATEGY fetch: the builds volume is reused
    bool needs_git = false;          ///< get_sources or another of the runner's scripts uses git
    /// For a job whose sources come by git over HTTP.
    std::optional<GitMirrorSource> git_mirror;
    bool network_per_build = false;
    bool init_process = false;
    bool debug_services = false;
    EngineDataWish engine_data = EngineDataWish::kConfigured;
    std::filesystem::path state_dir;     ///< the job's own directory of the journal, 0700
    std::filesystem::path payload_file;  ///< what the server sent, for the custom executor's driver
    DriverJob* driver_job = nullptr;     ///< the job for the same, during prepare() and restore()
    /// The daemon's log, with the job's fields. What comes from the job is masked by the job's log
    /// first.
    base::log::Scope daemon_log;
    /// A former daemon has begun to prepare it: its containers may be there under unknown names.
    bool taken_up = false;
};

}  // namespace executors
