#include "executors/docker/container_spec.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "base/glob.hpp"
#include "base/json.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"
#include "executors/docker/csv.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/image_rules.hpp"

namespace executors::docker {

using nlohmann::json;

namespace {

base::Error bad_key(const std::string& key, const std::string& why) {
    return base::make_error(base::ErrorKind::kConfiguration,
                            "[runners.docker] " + key + ": " + why);
}

void put(json& object, const char* key, const std::string& value) {
    if (!value.empty()) object[key] = value;
}
void put(json& object, const char* key, std::int64_t value) {
    if (value != 0) object[key] = value;
}
template <typename T>
void put(json& object, const char* key, const std::vector<T>& value) {
    if (!value.empty()) object[key] = value;
}
void put(json& object, const char* key, const std::map<std::string, std::string>& value) {
    if (!value.empty()) object[key] = value;
}

base::Result<json> devices_json(const std::vector<std::string>& devices) {
    json list = json::array();
    for (const auto& device : devices) {
        const auto parts = base::split(device, ':');
        const bool gap = std::find(parts.begin(), parts.end(), "") != parts.end();
        if (gap || parts.size() > 3) {
            return bad_key("devices", "\"" + device + "\" is not host[:container[:rwm]]");
        }
        list.push_back({{"PathOnHost", parts[0]},
                        {"PathInContainer", parts.size() > 1 ? parts[1] : parts[0]},
                        {"CgroupPermissions", parts.size() > 2 ? parts[2] : "rwm"}});
    }
    return json_value(std::move(list));
}

base::Result<json> ulimits_json(const std::map<std::string, std::string>& limits) {
    json list = json::array();
    for (const auto& [name, text] : limits) {
        const auto parts = base::split(text, ':');
        const auto soft = base::parse_number<std::int64_t>(parts[0]);
        const auto hard = parts.size() > 1 ? base::parse_number<std::int64_t>(parts[1]) : soft;
        if (!soft || !hard || parts.size() > 2) {
            return bad_key("ulimit", "\"" + name + " = " + text + "\" is not soft[:hard]");
        }
        list.push_back({{"Name", name}, {"Soft", *soft}, {"Hard", *hard}});
    }
    return json_value(std::move(list));
}

/// Answers whether `name=value` is a known field.
bool put_gpu_field(json& request, const std::string& name, const std::string& value) {
    if (name == "count") {
        const auto count = value == "all" ? std::optional<std::int64_t>(-1)
                                          : base::parse_number<std::int64_t>(value);
        if (!count || request.contains("Count")) return false;
        request["Count"] = *count;
    } else if (name == "device") {
        request["DeviceIDs"] = base::split(value, ',');
    } else if (name == "driver") {
        request["Driver"] = value;
    } else if (name == "capabilities") {
        auto capabilities = base::split(value, ',');
        capabilities.emplace_back("gpu");
        request["Capabilities"] = json::array({capabilities});
    } else {
        return false;
    }
    return true;
}

/// The docker CLI's --gpus: "all", a count, or fields such as `"device=0,1",driver=nvidia`. Unlike
/// there, the quotes around devices may be left out.
base::Result<json> gpus_json(const std::string& text) {
    json request = {{"Capabilities", json::array({json::array({"gpu"})})}};
    for (const auto& field : csv_fields(text)) {
        const auto equals = field.find('=');
        if (equals == std::string::npos && request.contains("DeviceIDs")) {
            request["DeviceIDs"].push_back(field);
            continue;
        }
        const bool named = equals != std::string::npos;
        const std::string name = named ? field.substr(0, equals) : "count";
        if (!put_gpu_field(request, name, named ? field.substr(equals + 1) : field)) {
            return bad_key("gpus", "\"" + text + "\" is not understood");
        }
    }
    if (!request.contains("Count") && !request.contains("DeviceIDs")) request["Count"] = 1;
    return json_value(json::array({request}));
}

base::Result<json> log_config(const std::map<std::string, std::string>& options) {
    json config = {{"Type", "json-file"}, {"Config", json::object()}};
    for (const auto& [name, value] : options) {
        if (name != "env" && name != "labels") {
            return bad_key("log_options", "only env and labels are allowed, not " + name);
        }
        config["Config"][name] = value;
    }
    return json_value(std::move(config));
}

json endpoint_json(const DockerSettings& settings, const ContainerPlan& plan,
                   bool mac_on_endpoint) {
    json endpoint = json::object();
    put(endpoint, "Aliases", plan.aliases);
    if (mac_on_endpoint) put(endpoint, "MacAddress", settings.mac_address);
    return endpoint;
}

/// The part that build and service containers have in common.
base::Result<json> common_json(const DockerSettings& settings, const ContainerPlan& plan,
                               bool mac_on_endpoint) {
    json body = {{"Image", plan.image},     {"AttachStdin", false}, {"AttachStdout", false},
                 {"AttachStderr", false},   {"Tty", false},         {"OpenStdin", false},
                 {"Env", plan.environment}, {"Labels", plan.labels}};
    if (plan.entrypoint) body["Entrypoint"] = *plan.entrypoint;
    if (plan.command) body["Cmd"] = *plan.command;
    put(body, "User", plan.user);
    put(body, "Hostname", plan.hostname);
    for (const auto& path : plan.anonymous_volumes) body["Volumes"][path] = json::object();
    if (!mac_on_endpoint) put(body, "MacAddress", settings.mac_address);

    json host = {{"RestartPolicy", {{"Name", "no"}}}, {"Privileged", plan.privileged}};
    put(host, "Binds", plan.binds);
    put(host, "ExtraHosts", plan.extra_hosts);
    put(host, "Dns", settings.dns);
    put(host, "DnsSearch", settings.dns_search);
    put(host, "UsernsMode", settings.userns_mode);
    put(host, "Runtime", settings.runtime);
    put(host, "Isolation", settings.isolation);
    put(host, "ShmSize", settings.shm_size_bytes);
    put(host, "NetworkMode", plan.network);
    if (plan.init) host["Init"] = true;
    auto log = log_config(settings.log_options);
    if (!log) return log.error();
    host["LogConfig"] = *log;
    body["HostConfig"] = std::move(host);

    json endpoint = endpoint_json(settings, plan, mac_on_endpoint);
    if (!endpoint.empty()) {
        const std::string network = plan.network.empty() ? "bridge" : plan.network;
        body["NetworkingConfig"]["EndpointsConfig"][network] = std::move(endpoint);
    }
    return json_value(std::move(body));
}

void put_build_limits(json& host, const DockerSettings& settings) {
    put(host, "Memory", settings.memory_bytes);
    put(host, "MemorySwap", settings.memory_swap_bytes);
    put(host, "MemoryReservation", settings.memory_reservation_bytes);
    put(host, "NanoCpus", settings.nano_cpus);
    put(host, "CpuShares", settings.cpu_shares);
    put(host, "CpusetCpus", settings.cpuset_cpus);
    put(host, "CpusetMems", settings.cpuset_mems);
    put(host, "CgroupParent", settings.cgroup_parent);
    put(host, "OomScoreAdj", settings.oom_score_adjust);
    host["OomKillDisable"] = settings.oom_kill_disable;
}

base::Result<void> put_devices(json& host, const std::vector<std::string>& devices,
                               const std::string& gpus) {
    auto list = devices_json(devices);
    if (!list) return list.error();
    if (!list->empty()) host["Devices"] = *list;
    if (gpus.empty()) return {};
    auto requests = gpus_json(gpus);
    if (!requests) return requests.error();
    host["DeviceRequests"] = *requests;
    return {};
}

}  // namespace

base::Result<std::string> build_container_json(const DockerSettings& settings,
                                               const ContainerPlan& plan, bool mac_on_endpoint) {
    auto body = common_json(settings, plan, mac_on_endpoint);
    if (!body) return body.error();
    json& host = (*body)["HostConfig"];
    put_build_limits(host, settings);
    auto devices = put_devices(host, settings.devices, settings.gpus);
    if (!devices) return devices.error();
    put(host, "DeviceCgroupRules", settings.device_cgroup_rules);
    auto limits = ulimits_json(settings.ulimit);
    if (!limits) return limits.error();
    if (!limits->empty()) host["Ulimits"] = *limits;
    put(host, "CapAdd", settings.cap_add);
    put(host, "CapDrop", settings.cap_drop);
    auto security = resolve_security_options(settings.security_opt);
    if (!security) return security.error();
    put(host, "SecurityOpt", *security);
    put(host, "GroupAdd", settings.group_add);
    put(host, "IpcMode", settings.ipcmode);
    put(host, "PidMode", settings.pid_mode);
    put(host, "Sysctls", settings.sysctls);
    put(host, "Links", settings.links);
    put(host, "VolumesFrom", settings.volumes_from);
    put(host, "VolumeDriver", settings.volume_driver);
    put(host, "Tmpfs", settings.tmpfs);
    return base::dump_json(*body);
}

base::Result<std::string> service_container_json(const DockerSettings& settings,
                                                 const ContainerPlan& plan, bool mac_on_endpoint) {
    auto body = common_json(settings, plan, mac_on_endpoint);
    if (!body) return body.error();
    json& host = (*body)["HostConfig"];
    put(host, "Memory", settings.service_memory_bytes);
    put(host, "MemorySwap", settings.service_memory_swap_bytes);
    put(host, "MemoryReservation", settings.service_memory_reservation_bytes);
    put(host, "NanoCpus", settings.service_nano_cpus);
    put(host, "CpuShares", settings.service_cpu_shares);
    put(host, "CpusetCpus", settings.service_cpuset_cpus);
    put(host, "CgroupParent", settings.service_cgroup_parent);
    auto devices = put_devices(host, plan.devices, settings.service_gpus);
    if (!devices) return devices.error();
    auto security = resolve_security_options(settings.services_security_opt);
    if (!security) return security.error();
    put(host, "SecurityOpt", *security);
    put(host, "Tmpfs", settings.services_tmpfs);
    return base::dump_json(*body);
}

json no_healthcheck() { return json{{"Test", json::array({"NONE"})}}; }

std::vector<std::string> service_devices(const DockerSettings& settings, const std::string& image) {
    std::vector<std::string> devices;
    for (const auto& [pattern, list] : settings.services_devices) {
        if (base::doublestar_match(pattern, image))
            devices.insert(devices.end(), list.begin(), list.end());
    }
    return devices;
}

base::Result<std::vector<std::string>> resolve_security_options(
    const std::vector<std::string>& options) {
    std::vector<std::string> resolved;
    for (const std::string& option : options) {
        constexpr std::string_view kSeccomp = "seccomp=";
        const std::string_view value =
            option.starts_with(kSeccomp) ? std::string_view(option).substr(kSeccomp.size()) : "";
        if (value.empty() || value == "unconfined" || value == "builtin" ||
            value.starts_with("{")) {
            resolved.push_back(option);
            continue;
        }
        auto text = base::read_file(std::string(value));
        if (!text)
            return text.error().with_context("[runners.docker] security_opt seccomp profile");
        const json profile = base::parse_foreign_json(*text);
        if (profile.is_discarded()) {
            return bad_key("security_opt",
                           "the seccomp profile " + std::string(value) + " is not JSON");
        }
        resolved.push_back(std::string(kSeccomp) + profile.dump());
    }
    return resolved;
}

}  // namespace executors::docker
