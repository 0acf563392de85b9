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
#include "executors/docker/settings.hpp"
#include "executors/executor_kind.hpp"

/// config.toml as values (runner-protocol.md §5). Loaded once into an immutable snapshot; a running
/// job keeps the snapshot it started with.
namespace runner::config {

struct RunnerConfig {
    std::string name;
    std::string url;  ///< as written, variables expanded
    std::int64_t id = 0;
    base::Secret token;
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
    executors::docker::DockerSettings docker;
    executors::docker::DindSettings dind;
    std::vector<executors::docker::RegistrySettings> registries;

    /// nullopt when this program has no such executor.
    [[nodiscard]] std::optional<executors::ExecutorKind> executor_kind() const {
        return executors::parse_executor_kind(executor);
    }
};

struct Config {
    std::filesystem::path path;
    int concurrent = 1;
    int check_interval_seconds = 3;
    std::string log_level;   ///< "" when not set
    std::string log_format;  ///< "" when not set
    std::string listen_address;
    std::chrono::nanoseconds connection_max_age = std::chrono::minutes(15);
    int shutdown_timeout_seconds = 30;
    std::map<std::string, std::string> labels;
    std::vector<RunnerConfig> runners;
    /// Sentences for people, each with file and line: unknown keys, keys without effect here.
    std::vector<std::string> warnings;
};

/// Reads and checks a file. A missing file is kNotFound; wrong syntax or types are kInvalidInput
/// and name file, line and key.
base::Result<Config> load_config(const std::filesystem::path& path);

/// "gitlab.example.com" of an address, without user, port and path; "" when it names none.
std::string host_of(std::string_view url);

/// certs/<host>.crt, <host>.auth.crt and <host>.auth.key beside the configuration, where the entry
/// names no files of its own (runner-protocol.md §1.1).
void use_certificates_beside(const std::filesystem::path& config_path, RunnerConfig& runner);

/// /etc/gitlab-runner/config.toml for root, ~/.gitlab-runner/config.toml for others; CONFIG_FILE
/// wins.
std::filesystem::path default_config_path();

/// Where the daemon keeps its jobs: $STATE_DIRECTORY; /var/lib/runner for root's default
/// configuration; else .runner-state beside the configuration. It is not made here.
std::filesystem::path state_directory(const std::filesystem::path& config_path);

/// What tells runners apart and stays when their token is replaced: address and number, or the
/// token of an entry without number. Entries of one runner share limits, slots and caches by it.
/// Secret, like the token.
std::string runner_identity(const RunnerConfig& runner);

/// First nine characters behind the token's prefix: shown in logs, labels and names (§2.7.4).
std::string short_token(const base::Secret& token);

}  // namespace runner::config
