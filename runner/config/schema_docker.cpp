#include "runner/config/setters.hpp"

namespace runner::config::schema {

namespace {

using D = executors::docker::DockerSettings;
using S = executors::docker::ConfiguredService;
using I = executors::docker::DindSettings;
using G = executors::docker::RegistrySettings;

constexpr std::string_view kPullPolicies = "always|if-not-present|never";
constexpr std::string_view kOwnHelper = "this runner brings its own helper";

void dind_mode(Config& config, const Value& value) {
    const auto& text = std::get<std::string>(value);
    using executors::docker::DindMode;
    config.runners.back().dind.mode = text == "on"    ? DindMode::kOn
                                      : text == "off" ? DindMode::kOff
                                                      : DindMode::kAuto;
}

void git_source(Config& config, const Value& value) {
    const auto& text = std::get<std::string>(value);
    using executors::docker::GitSource;
    config.runners.back().docker.git = text == "image"    ? GitSource::kImage
                                       : text == "runner" ? GitSource::kRunner
                                                          : GitSource::kAuto;
}

void git_mirror(Config& config, const Value& value) {
    const auto& text = std::get<std::string>(value);
    using executors::docker::GitMirrorMode;
    config.runners.back().docker.git_mirror = text == "on"     ? GitMirrorMode::kOn
                                              : text == "auto" ? GitMirrorMode::kAuto
                                                               : GitMirrorMode::kOff;
}

void dind_platforms(Config& config, const Value& value) {
    using executors::docker::Platforms;
    config.runners.back().dind.platforms =
        std::get<std::string>(value) == "host" ? Platforms::kHost : Platforms::kAuto;
}

void dind_persist(Config& config, const Value& value) {
    using executors::docker::PersistData;
    config.runners.back().dind.persist =
        std::get<std::string>(value) == "project" ? PersistData::kProject : PersistData::kNone;
}

constexpr Key kDocker[] = {
    key("host", Type::kString, "$DOCKER_HOST, else unix:///var/run/docker.sock", docker<&D::host>,
        "address of the engine"),
    key("tls_cert_path", Type::kString, "", docker<&D::tls_cert_path>,
        "directory with ca.pem, cert.pem and key.pem for the engine")
        .with_flag("docker-cert-path", "DOCKER_CERT_PATH"),
    key("tls_verify", Type::kBool, "false", docker<&D::tls_verify>,
        "check the engine's certificate")
        .with_flag("docker-tlsverify", "DOCKER_TLS_VERIFY"),
    key("image", Type::kString, "", docker<&D::image>, "image of jobs that name none"),
    key("hostname", Type::kString, "", docker<&D::hostname>, "host name in job containers"),
    key("runtime", Type::kString, "the engine's", docker<&D::runtime>, "OCI runtime"),
    key("memory", Type::kMemory, "", docker<&D::memory_bytes>, "memory of a job container"),
    key("memory_swap", Type::kMemory, "", docker<&D::memory_swap_bytes>,
        "memory and swap; -1: no limit"),
    key("memory_reservation", Type::kMemory, "", docker<&D::memory_reservation_bytes>,
        "soft limit"),
    key("cpuset_cpus", Type::kString, "", docker<&D::cpuset_cpus>, "processors, as \"0-3\""),
    key("cpuset_mems", Type::kString, "", docker<&D::cpuset_mems>, "memory nodes"),
    key("cpus", Type::kCpus, "", docker<&D::nano_cpus>, "processors, as \"1.5\""),
    key("cpu_shares", Type::kInt64, "the engine's", docker<&D::cpu_shares>, "relative weight"),
    key("cgroup_parent", Type::kString, "", docker<&D::cgroup_parent>, "cgroup of job containers"),
    key("dns", Type::kStrings, "", docker<&D::dns>, "name servers (addresses)"),
    key("dns_search", Type::kStrings, "", docker<&D::dns_search>, "search domains"),
    key("privileged", Type::kBool, "false", docker<&D::privileged>,
        "job containers may do everything; Docker-in-Docker needs it"),
    key("services_privileged", Type::kBool, "as privileged", docker<&D::services_privileged>,
        "the same for services")
        .with_flag("docker-services_privileged", ""),
    key("allowed_privileged_images", Type::kStrings, "all", docker<&D::allowed_privileged_images>,
        "images (globs) that get the privilege"),
    key("allowed_privileged_services", Type::kStrings, "all",
        docker<&D::allowed_privileged_services>, "services (globs) that get the privilege"),
    key("disable_entrypoint_overwrite", Type::kBool, "false",
        docker<&D::disable_entrypoint_overwrite>, "jobs may not replace an image's entrypoint"),
    key("user", Type::kString, "the image's", docker<&D::user>, "user in job containers"),
    key("allowed_users", Type::kStrings, "all", docker<&D::allowed_users>,
        "users that a job may choose")
        .with_flag("docker-allowed_users", ""),
    key("group_add", Type::kStrings, "", docker<&D::group_add>, "more groups"),
    key("userns_mode", Type::kString, "", docker<&D::userns_mode>, "user namespace")
        .with_flag("docker-userns", "DOCKER_USERNS_MODE"),
    key("cap_add", Type::kStrings, "", docker<&D::cap_add>, "capabilities to add"),
    key("cap_drop", Type::kStrings, "", docker<&D::cap_drop>, "capabilities to take away"),
    key("oom_kill_disable", Type::kBool, "false", docker<&D::oom_kill_disable>,
        "no out-of-memory killer"),
    key("oom_score_adjust", Type::kInt, "0", docker<&D::oom_score_adjust>, "its score"),
    key("security_opt", Type::kStrings, "", docker<&D::security_opt>, "security options"),
    key("services_security_opt", Type::kStrings, "", docker<&D::services_security_opt>,
        "the same for services"),
    key("devices", Type::kStrings, "", docker<&D::devices>, "devices of the host"),
    key("device_cgroup_rules", Type::kStrings, "", docker<&D::device_cgroup_rules>, "device rules"),
    key("gpus", Type::kString, "", docker<&D::gpus>, "as docker run --gpus"),
    key("services_devices", Type::kStringsMap, "", docker<&D::services_devices>,
        "devices per service image (glob)")
        .with_flag("docker-services_devices", ""),
    key("disable_cache", Type::kBool, "false", docker<&D::disable_cache>, "no automatic volumes"),
    key("volumes", Type::kStrings, "", docker<&D::volumes>,
        "host:container[:options], or /path for a volume that is kept"),
    key("volume_keep", Type::kBool, "false", docker<&D::volume_keep>,
        "keep anonymous volumes when a container goes"),
    key("volume_driver", Type::kString, "", docker<&D::volume_driver>, "driver of the volumes"),
    key("volume_driver_ops", Type::kStringMap, "", docker<&D::volume_driver_ops>, "its options"),
    key("cache_dir", Type::kString, "", docker<&D::cache_dir>,
        "directory of the host for cache volumes, instead of named volumes"),
    key("extra_hosts", Type::kStrings, "", docker<&D::extra_hosts>, "name:address for /etc/hosts"),
    key("volumes_from", Type::kStrings, "", docker<&D::volumes_from>,
        "containers whose volumes to share"),
    key("network_mode", Type::kString, "", docker<&D::network_mode>,
        "network of job containers; set, there is no network per job"),
    key("pid_mode", Type::kString, "", docker<&D::pid_mode>, "process namespace"),
    key("ipcmode", Type::kString, "", docker<&D::ipcmode>, "IPC namespace")
        .with_flag("docker-ipcmode", "DOCKER_IPC_MODE"),
    key("mac_address", Type::kString, "", docker<&D::mac_address>, "hardware address"),
    key("links", Type::kStrings, "", docker<&D::links>, "containers to link"),
    key("services_limit", Type::kInt, "-1", docker<&D::services_limit>,
        "most services of a job; -1: no limit"),
    key("service_memory", Type::kMemory, "", docker<&D::service_memory_bytes>,
        "memory of a service"),
    key("service_memory_swap", Type::kMemory, "", docker<&D::service_memory_swap_bytes>,
        "memory and swap of a service"),
    key("service_memory_reservation", Type::kMemory, "",
        docker<&D::service_memory_reservation_bytes>, "soft limit of a service"),
    key("service_cgroup_parent", Type::kString, "", docker<&D::service_cgroup_parent>,
        "cgroup of services"),
    ignored("service_slot_cgroup_template", Type::kString, "",
            "this runner makes no cgroups per slot"),
    key("service_cpuset_cpus", Type::kString, "", docker<&D::service_cpuset_cpus>,
        "processors of a service"),
    key("service_cpus", Type::kCpus, "", docker<&D::service_nano_cpus>, "processors, as \"1.5\""),
    key("service_cpu_shares", Type::kInt64, "", docker<&D::service_cpu_shares>,
        "weight of a service"),
    key("service_gpus", Type::kString, "", docker<&D::service_gpus>, "GPUs of services")
        .with_flag("docker-service_gpus", ""),
    key("wait_for_services_timeout", Type::kInt, "30",
        docker<&D::wait_for_services_timeout_seconds>,
        "seconds that services have to open a port; -1: do not wait"),
    key("allowed_images", Type::kStrings, "all", docker<&D::allowed_images>,
        "images (globs) of jobs"),
    key("allowed_services", Type::kStrings, "all", docker<&D::allowed_services>,
        "services (globs) of jobs"),
    key("pull_policy", Type::kStringOrStrings, "always", docker<&D::pull_policy>,
        "always, if-not-present, never; of several the next is tried when one fails")
        .one_of(kPullPolicies),
    key("allowed_pull_policies", Type::kStrings, "as pull_policy",
        docker<&D::allowed_pull_policies>, "policies that a job may ask for")
        .one_of(kPullPolicies),
    key("isolation", Type::kString, "", docker<&D::isolation>, "of Windows containers"),
    key("shm_size", Type::kInt64, "0", docker<&D::shm_size_bytes>,
        "bytes of /dev/shm; 0: the engine's"),
    key("tmpfs", Type::kStringMap, "", docker<&D::tmpfs>, "path = options: memory file systems"),
    key("services_tmpfs", Type::kStringMap, "", docker<&D::services_tmpfs>,
        "the same for services"),
    key("sysctls", Type::kStringMap, "", docker<&D::sysctls>, "kernel parameters"),
    key("ulimit", Type::kStringMap, "", docker<&D::ulimit>, "name = soft[:hard]"),
    ignored("helper_image", Type::kString, "", kOwnHelper),
    ignored("helper_image_flavor", Type::kString, "", kOwnHelper),
    key("container_labels", Type::kStringMap, "", docker<&D::container_labels>,
        "labels of the containers")
        .with_flag("", "-"),
    key("enable_ipv6", Type::kBool, "false", docker<&D::enable_ipv6>, "IPv6 in a job's network")
        .with_flag("", "-"),
    key("network_mtu", Type::kInt, "0", docker<&D::network_mtu>,
        "packet size of a job's network; 0: derived from the host's")
        .with_flag("", "-"),
    key("git", Type::kString, "auto", git_source,
        "git of the runner's own scripts: auto takes the runner's where the image has none or one "
        "older than 2.31; image and runner always take that one")
        .one_of("auto|image|runner")
        .with_flag("", "-"),
    key("git_mirror", Type::kString, "auto", git_mirror,
        "a mirror of a repository on the engine, for first clones: auto makes it where a clone was "
        "slow, on after each clone, off never")
        .one_of("auto|on|off")
        .with_flag("", "-"),
    key("warm", Type::kAutoOrCount, "auto", docker<&D::warm>,
        "environments that are ready before their jobs come: a number, auto as jobs come, 0 none")
        .with_flag("", "-"),
    key("warm_memory", Type::kMemory, "1g", docker<&D::warm_memory_bytes>,
        "memory that they may use together")
        .with_flag("", "-"),
    key("log_options", Type::kStringMap, "", docker<&D::log_options>,
        "of the log driver: env, labels"),
};

constexpr Key kServices[] = {
    key("name", Type::kString, "", service<&S::name>, "image of a service of every job"),
    key("alias", Type::kString, "", service<&S::alias>, "its names, with spaces or commas between"),
    key("command", Type::kStrings, "", service<&S::command>, "its command"),
    key("entrypoint", Type::kStrings, "", service<&S::entrypoint>, "its entrypoint"),
    key("environment", Type::kStrings, "", service<&S::environment>, "KEY=VALUE"),
    ignored("suspend_data_path", Type::kString, "", "it is for kubernetes only"),
};

constexpr Key kDind[] = {
    key("mode", Type::kString, "auto", dind_mode,
        "auto: a privileged runner starts an engine image as its author meant it; on: every job "
        "gets an "
        "engine; off: images are started as the official runner does")
        .one_of("auto|on|off"),
    key("image", Type::kString, "docker:dind", dind<&I::image>,
        "engine that jobs get beside an image without one (mode = \"on\")"),
    key("mtu", Type::kInt, "0", dind<&I::mtu>,
        "packet size inside; 0: that of the network the job container is on"),
    key("builder", Type::kBool, "true", dind<&I::builder>, "a buildx builder is ready and current"),
    key("builder_name", Type::kString, "runner", dind<&I::builder_name>, "its name"),
    key("builder_image", Type::kString, "buildx's own", dind<&I::builder_image>, "its image"),
    key("builder_driver_opts", Type::kStrings, "[\"network=host\"]", dind<&I::builder_driver_opts>,
        "options of its docker-container driver"),
    key("preload_images", Type::kStrings, "", dind<&I::preload_images>,
        "images that the inner engine gets from this host's engine"),
    key("daemon_config", Type::kString, "", dind<&I::daemon_config>,
        "file of this host, merged into the inner engine's daemon.json"),
    key("buildkitd_config", Type::kString, "", dind<&I::buildkitd_config>,
        "file of this host, merged into the builder's buildkitd.toml"),
    key("cache_size", Type::kMemory, "20GB", dind<&I::cache_size_bytes>,
        "what the builder of a project's slot keeps at most, and the inner engine's own builder; "
        "0: their own rules"),
    key("platforms", Type::kString, "auto", dind_platforms,
        "auto: missing interpreters for foreign platforms are registered when allowed; host: as "
        "they are")
        .one_of("auto|host"),
    key("persist", Type::kString, "project", dind_persist,
        "project: images and build caches of an inner engine stay for later jobs of the project; "
        "none: every job begins empty")
        .one_of("project|none"),
    key("platforms_image", Type::kString, "tonistiigi/binfmt", dind<&I::platforms_image>,
        "image with QEMU's interpreters, used when neither the machine nor the job's image has "
        "them; empty: none"),
};

constexpr Key kImages[] = {
    key("refresh_after", Type::kDuration, "0s", docker<&D::refresh_after>,
        "age after which an image is pulled in the background that the configuration names and "
        "that jobs use often by if-not-present; 0: never"),
};

constexpr Key kRegistry[] = {
    key("host", Type::kString, "", registry<&G::host>,
        "name of the registry, with its port where it has one"),
    key("address", Type::kString, "", registry<&G::address>,
        "IP address: becomes a hosts entry everywhere"),
    key("http", Type::kBool, "false", registry<&G::http>, "it speaks plain HTTP"),
    key("insecure", Type::kBool, "false", registry<&G::insecure>, "do not check its certificate"),
    key("ca_file", Type::kString, "", registry<&G::ca_file>, "certificate that signed its own"),
    key("mirror_of", Type::kString, "", registry<&G::mirror_of>,
        "registry that it mirrors, such as docker.io"),
    key("username", Type::kString, "", registry<&G::username>, "login"),
    key("password_file", Type::kString, "", registry<&G::password_file>,
        "file that holds the password"),
};

constexpr Section kDockerSections[] = {
    {"runners.docker", kDocker, false, "", "docker-", "DOCKER_"},
    {"runners.docker.services", kServices, true, "", "-", "-"},
    {"runners.dind", kDind, false, "", "dind-", "DIND_"},
    {"runners.images", kImages, false, "", "images-", "IMAGES_"},
    {"runners.registry", kRegistry, true, "", "-", "-"},
};

}  // namespace

std::span<const Section> docker_sections() { return kDockerSections; }

}  // namespace runner::config::schema
