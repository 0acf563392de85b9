#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace executors::docker {

/// `[[runners.docker.services]]`
struct ConfiguredService {
    std::string name;
    std::string alias;
    std::vector<std::string> command;
    std::vector<std::string> entrypoint;
    std::vector<std::string> environment;  ///< KEY=VALUE

    bool operator==(const ConfiguredService&) const = default;
};

/// Which git the runner's own scripts use: that of the image where it is new enough, the image's
/// always, the runner's always.
enum class GitSource { kAuto, kImage, kRunner };

/// Whether repositories have a mirror on the engine: where a clone was slow, always, never.
enum class GitMirrorMode { kAuto, kOn, kOff };

/// As many environments are ready ahead as the arrivals of jobs make likely (warm_demand.hpp).
inline constexpr int kWarmAuto = -1;

/// `[runners.docker]` (runner-protocol.md §5.4): names and meanings are the official ones, defaults
/// too.
struct DockerSettings {
    std::string host;  ///< "" : DOCKER_HOST, else unix:///var/run/docker.sock
    std::string tls_cert_path;
    bool tls_verify = false;
    std::string image;
    std::string hostname;
    std::string runtime;
    std::int64_t memory_bytes = 0;
    std::int64_t memory_swap_bytes = 0;
    std::int64_t memory_reservation_bytes = 0;
    std::string cpuset_cpus;
    std::string cpuset_mems;
    std::int64_t nano_cpus = 0;
    std::int64_t cpu_shares = 0;
    std::string cgroup_parent;
    std::vector<std::string> dns;
    std::vector<std::string> dns_search;
    bool privileged = false;
    bool services_privileged = false;  ///< = privileged when the key is missing
    std::vector<std::string> allowed_privileged_images;
    std::vector<std::string> allowed_privileged_services;
    bool disable_entrypoint_overwrite = false;
    std::string user;
    std::vector<std::string> allowed_users;
    std::vector<std::string> group_add;
    std::string userns_mode;
    std::vector<std::string> cap_add;
    std::vector<std::string> cap_drop;
    bool oom_kill_disable = false;
    int oom_score_adjust = 0;
    std::vector<std::string> security_opt;
    std::vector<std::string> services_security_opt;
    std::vector<std::string> devices;
    std::vector<std::string> device_cgroup_rules;
    std::string gpus;
    std::map<std::string, std::vector<std::string>> services_devices;
    bool disable_cache = false;
    std::vector<std::string> volumes;
    bool volume_keep = false;
    std::string volume_driver;
    std::map<std::string, std::string> volume_driver_ops;
    std::string cache_dir;
    std::vector<std::string> extra_hosts;
    std::vector<std::string> volumes_from;
    std::string network_mode;
    std::string pid_mode;
    std::string ipcmode;
    std::string mac_address;
    std::vector<std::string> links;
    int services_limit = -1;
    std::int64_t service_memory_bytes = 0;
    std::int64_t service_memory_swap_bytes = 0;
    std::int64_t service_memory_reservation_bytes = 0;
    std::string service_cgroup_parent;
    std::string service_cpuset_cpus;
    std::int64_t service_nano_cpus = 0;
    std::int64_t service_cpu_shares = 0;
    std::string service_gpus;
    int wait_for_services_timeout_seconds = 30;  ///< negative: no check
    std::vector<std::string> allowed_images;
    std::vector<std::string> allowed_services;
    std::vector<std::string> pull_policy{"always"};
    std::vector<std::string> allowed_pull_policies;  ///< empty: = pull_policy
    std::string isolation;
    std::int64_t shm_size_bytes = 0;
    std::map<std::string, std::string> tmpfs;
    std::map<std::string, std::string> services_tmpfs;
    std::map<std::string, std::string> sysctls;
    std::map<std::string, std::string> ulimit;
    std::map<std::string, std::string> container_labels;
    bool enable_ipv6 = false;
    int network_mtu = 0;
    std::map<std::string, std::string> log_options;
    GitSource git = GitSource::kAuto;                 ///< of this runner, not of the official one
    GitMirrorMode git_mirror = GitMirrorMode::kAuto;  ///< the same
    int warm = kWarmAuto;  ///< environments that are ready ahead, or kWarmAuto; of this runner, too
    std::int64_t warm_memory_bytes = 1LL << 30;  ///< that they may use together
    std::vector<ConfiguredService> services;
    /// `[runners.images]`, a table of this runner: how old an image may become that jobs use often
    /// and take from the engine; 0: as old as it is.
    std::chrono::nanoseconds refresh_after{0};

    bool operator==(const DockerSettings&) const = default;
};

enum class DindMode { kAuto, kOn, kOff };
enum class Platforms { kAuto, kHost };
/// Who uses the data of an inner engine again: later jobs of the same project, slot and protection,
/// or nobody.
enum class PersistData { kProject, kNone };

/// `[runners.dind]`: a table of this runner, not of the official one; every key is optional
/// (docs/architecture.md, decision 5).
struct DindSettings {
    DindMode mode = DindMode::kAuto;
    PersistData persist = PersistData::kProject;
    std::string image = "docker:dind";  ///< of the sidecar engine (mode on)
    int mtu = 0;                        ///< 0: that of the build container's network
    bool builder = true;
    std::string builder_name = "runner";
    std::string builder_image;  ///< "": the default of buildx
    std::vector<std::string> builder_driver_opts{"network=host"};
    std::vector<std::string> preload_images;
    std::string daemon_config;     ///< file on the runner's host, merged into daemon.json
    std::string buildkitd_config;  ///< file on the runner's host, merged into buildkitd.toml
    /// What the builder, and the inner engine's own one, of a slot may keep; 0: their own rules
    std::int64_t cache_size_bytes = std::int64_t{20} << 30U;
    Platforms platforms = Platforms::kAuto;
    std::string platforms_image = "tonistiigi/binfmt";  ///< the last source of interpreters

    bool operator==(const DindSettings&) const = default;
};

/// `[[runners.registry]]`: declared once, for our pulls, the inner engine, its builder and clients.
struct RegistrySettings {
    std::string host;  ///< with port where it is not the default
    std::string address;
    bool http = false;
    bool insecure = false;
    std::string ca_file;
    std::string mirror_of;
    std::string username;
    std::string password_file;

    bool operator==(const RegistrySettings&) const = default;
};

}  // namespace executors::docker
