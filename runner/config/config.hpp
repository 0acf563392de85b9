#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "executors/custom/settings.hpp"
#include "executors/docker/settings.hpp"
#include "executors/executor_kind.hpp"
#include "runner/config/cache_settings.hpp"
#include "runner/config/disk_settings.hpp"
#include "runner/config/queuing_duration.hpp"

/// config.toml as values (runner-protocol.md §5). A loaded configuration is not changed any more; a
/// running job keeps the one that it started with.
namespace runner::config {

struct RunnerConfig {
    std::string name;
    std::string url;  ///< as written, variables expanded
    std::int64_t id = 0;
    base::Secret token;
    std::string token_file;         ///< where `token` was read from, "" when it is in config.toml
    std::string token_obtained_at;  ///< RFC 3339, "" when missing
    std::string token_expires_at;   ///< RFC 3339, "" or year 0001: never
    std::string tls_ca_file;
    std::string tls_cert_file;
    std::string tls_key_file;
    int limit = 0;
    std::int64_t output_limit_bytes = 4096 * 1024;
    int request_concurrency = 1;
    bool strict_check_interval = false;
    int unhealthy_requests_limit = 3;
    std::chrono::nanoseconds unhealthy_interval = std::chrono::minutes(60);
    int job_status_final_update_retry_limit = 10;
    std::map<std::string, std::string> labels;
    std::string executor;  ///< as written: also names that only others have
    std::string builds_dir;
    std::string cache_dir;
    std::string clone_url;
    std::vector<std::string> environment;  ///< KEY=VALUE
    std::string pre_get_sources_script;
    std::string post_get_sources_script;
    std::string pre_build_script;
    std::string post_build_script;
    std::optional<std::chrono::nanoseconds> prepare_timeout;
    std::optional<std::chrono::nanoseconds> get_sources_timeout;
    std::chrono::nanoseconds artifact_upload_timeout = std::chrono::hours(1);
    bool debug_trace_disabled = false;
    std::optional<bool> safe_directory_checkout;
    std::optional<bool> clean_git_config;
    std::string shell;
    std::optional<bool> custom_build_dir_enabled;
    std::map<std::string, bool> feature_flags;
    std::vector<QueuingDuration> queuing_durations;
    executors::custom::CustomSettings custom;
    CacheSettings cache;
    executors::docker::DockerSettings docker;
    executors::docker::DindSettings dind;
    std::vector<executors::docker::RegistrySettings> registries;
    /// The errors of this entry, each with file and line; "" for none. With one the entry takes no
    /// jobs: a key with an error has its default here.
    std::string problem;

    /// nullopt when this program has no such executor.
    [[nodiscard]] std::optional<executors::ExecutorKind> executor_kind() const {
        return executors::parse_executor_kind(executor);
    }
    /// Jobs have the runner's own machine in common (ExecutorTraits::shared_host).
    [[nodiscard]] bool shared_host() const {
        const auto kind = executor_kind();
        return kind && executors::traits_of(*kind).shared_host;
    }
    /// ExecutorTraits::shared_environment.
    [[nodiscard]] bool shared_environment() const {
        const auto kind = executor_kind();
        return kind && executors::traits_of(*kind).shared_environment;
    }
};

/// The table [status].
struct StatusSettings {
    int recent_jobs = 1000;  ///< jobs that the history keeps
    std::string token_file;
    std::string tls_cert_file;
    std::string tls_key_file;
};

/// The table [session_server].
struct SessionServerSettings {
    std::string listen_address;     ///< "": there is no session server
    std::string advertise_address;  ///< "": as `listen_address`
    int session_timeout_seconds = 1800;
};

struct Config {
    std::filesystem::path path;
    int concurrent = 1;
    int check_interval_seconds = 3;
    std::string log_level;   ///< "" when not set
    std::string log_format;  ///< "" when not set
    std::string listen_address;
    std::string socket_group;  ///< group of the control socket, "" for the daemon's own
    StatusSettings status;
    SessionServerSettings session_server;
    DiskSettings disk;
    std::chrono::nanoseconds connection_max_age = std::chrono::minutes(15);
    int shutdown_timeout_seconds = 30;
    std::map<std::string, std::string> labels;
    std::vector<RunnerConfig> runners;
    /// Messages for the user, each with file and line: unknown keys, keys without effect.
    std::vector<std::string> warnings;
};

/// Reads and checks a file. A missing file is kNotFound; wrong syntax, and wrong values outside of
/// [[runners]], are kInvalidInput and name file, line and key. Those of an entry are its problem.
base::Result<Config> load_config(const std::filesystem::path& path);

/// The host of an address, without user, port and path; "" when there is none.
std::string host_of(std::string_view url);

/// Sets certs/<host>.crt, <host>.auth.crt and <host>.auth.key, in the directory of the
/// configuration, as the TLS files of an entry that names none (runner-protocol.md §1.1).
void use_certificates_beside(const std::filesystem::path& config_path, RunnerConfig& runner);

/// /etc/gitlab-runner/config.toml for root, ~/.gitlab-runner/config.toml for others; CONFIG_FILE
/// wins.
std::filesystem::path default_config_path();

/// Identifies a runner, also after its token was replaced: by address and id, or by the token of an
/// entry without id. Entries with the same identity share limits, slots and caches. As secret as
/// the token.
std::string runner_identity(const RunnerConfig& runner);

/// The first nine characters after the prefix of a token: shown in logs, labels and names
/// (runner-protocol.md §2.7.4).
std::string short_token(const base::Secret& token);

}  // namespace runner::config
