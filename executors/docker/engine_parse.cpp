#include "executors/docker/engine_parse.hpp"

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

using nlohmann::json;

std::string ImageInfo::environment_value(std::string_view name) const {
    for (const auto& entry : environment) {
        const std::string_view view = entry;
        if (view.size() > name.size() && view.starts_with(name) && view[name.size()] == '=') {
            return std::string(view.substr(name.size() + 1));
        }
    }
    return {};
}

namespace {

base::Error no_state(const std::string& what) {
    return base::make_error(base::ErrorKind::kProtocol,
                            "the Docker engine described " + what + " without its state");
}

bool has_flag(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_boolean();
}

bool has_number(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_number_integer();
}

std::vector<std::string> mounted_volumes(const json& container) {
    std::vector<std::string> names;
    const auto mounts = container.find("Mounts");
    if (mounts == container.end() || !mounts->is_array()) return names;
    for (const auto& mount : *mounts) {
        std::string name = text_at(mount, "Name");
        if (!name.empty()) names.push_back(std::move(name));
    }
    return names;
}

std::uint64_t bytes_at(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return 0;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, found->get<std::int64_t>()));
}

std::vector<Listed> parse_list(const json& items, const char* id_key) {
    std::vector<Listed> list;
    if (!items.is_array()) return list;
    for (const auto& item : items) {
        Listed entry;
        entry.id = text_at(item, id_key);
        entry.name = text_at(item, "Name");
        const auto names = texts_at(item, "Names");
        if (entry.name.empty() && !names.empty()) entry.name = names.front();
        if (entry.name.starts_with("/")) entry.name.erase(0, 1);
        entry.labels = labels_at(item, "Labels");
        const auto created = item.find("Created");
        if (created != item.end() && created->is_number_integer()) {
            entry.created = created->get<std::int64_t>();
        }
        const std::string date = text_at(item, "CreatedAt");
        if (!date.empty()) entry.created = base::parse_rfc3339(date).value_or(0);
        entry.image = text_at(item, "ImageID");
        entry.state = text_at(item, "State");
        entry.volumes = mounted_volumes(item);
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

bool EngineInfo::is_rootless() const {
    return std::find(security_options.begin(), security_options.end(), "name=rootless") !=
           security_options.end();
}

base::Result<EngineInfo> parse_engine_info(std::string_view body) {
    auto value = parse_engine_json(body, "itself");
    if (!value) return value.error();
    EngineInfo info;
    info.name = text_at(*value, "Name");
    info.server_version = text_at(*value, "ServerVersion");
    info.os_type = text_at(*value, "OSType");
    info.architecture = text_at(*value, "Architecture");
    info.id = text_at(*value, "ID");
    info.storage_driver = text_at(*value, "Driver");
    info.root_directory = text_at(*value, "DockerRootDir");
    info.cgroup_driver = text_at(*value, "CgroupDriver");
    info.cgroup_version = text_at(*value, "CgroupVersion");
    info.system_time = text_at(*value, "SystemTime");
    info.security_options = texts_at(*value, "SecurityOptions");
    info.warnings = texts_at(*value, "Warnings");
    return info;
}

base::Result<ImageInfo> parse_image_info(std::string_view body) {
    auto value = parse_engine_json(body, "an image");
    if (!value) return value.error();
    ImageInfo image;
    image.id = text_at(*value, "Id");
    if (image.id.empty()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the Docker engine described an image without an id");
    }
    const json& config = object_at(*value, "Config");
    const auto layers = texts_at(object_at(*value, "RootFS"), "Layers");
    if (!layers.empty()) {
        image.content = text_at(*value, "Created") + "," + base::join(layers, ",");
    }
    image.repo_tags = texts_at(*value, "RepoTags");
    image.repo_digests = texts_at(*value, "RepoDigests");
    image.entrypoint = texts_at(config, "Entrypoint");
    image.command = texts_at(config, "Cmd");
    image.environment = texts_at(config, "Env");
    image.user = text_at(config, "User");
    image.volumes = keys_at(config, "Volumes");
    image.exposed_ports = keys_at(config, "ExposedPorts");
    image.os = text_at(*value, "Os");
    image.architecture = text_at(*value, "Architecture");
    return image;
}

base::Result<ContainerState> parse_container_state(std::string_view body) {
    auto value = parse_engine_json(body, "a container");
    if (!value) return value.error();
    ContainerState state;
    state.id = text_at(*value, "Id");
    const json& now = object_at(*value, "State");
    if (state.id.empty() || !has_flag(now, "Running")) return no_state("a container");
    state.status = text_at(now, "Status");
    state.running = flag_at(now, "Running");
    state.exit_code = number_at(now, "ExitCode");
    state.oom_killed = flag_at(now, "OOMKilled");
    state.error = text_at(now, "Error");
    const json& networks = object_at(object_at(*value, "NetworkSettings"), "Networks");
    for (const auto& item : networks.items()) {
        state.addresses[item.key()] = text_at(item.value(), "IPAddress");
    }
    const json& config = object_at(*value, "Config");
    state.environment = texts_at(config, "Env");
    state.exposed_ports = keys_at(config, "ExposedPorts");
    return state;
}

base::Result<std::int64_t> parse_memory_use(std::string_view body) {
    auto value = parse_engine_json(body, "a container's figures");
    if (!value) return value.error();
    const auto& memory = object_at(*value, "memory_stats");
    const auto& details = object_at(memory, "stats");
    const auto read = [](const nlohmann::json& object, const char* key) -> std::int64_t {
        const auto found = object.find(key);
        return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
    };
    // The first name is that of cgroup v2, the second that of v1.
    const std::int64_t idle =
        std::max(read(details, "inactive_file"), read(details, "total_inactive_file"));
    return std::max<std::int64_t>(read(memory, "usage") - idle, 0);
}

base::Result<ExecState> parse_exec_state(std::string_view body) {
    auto value = parse_engine_json(body, "an exec");
    if (!value) return value.error();
    ExecState state;
    state.running = flag_at(*value, "Running");
    state.exit_code = number_at(*value, "ExitCode");
    // The code is null while it runs.
    const bool told =
        has_flag(*value, "Running") && (state.running || has_number(*value, "ExitCode"));
    if (!told) return no_state("an exec");
    return state;
}

base::Result<int> parse_container_end(std::string_view body) {
    auto value = parse_engine_json(body, "a container's end");
    if (!value) return value.error();
    if (!has_number(*value, "StatusCode")) return no_state("a container's end");
    return number_at(*value, "StatusCode");
}

base::Result<NetworkState> parse_network_state(std::string_view body) {
    auto value = parse_engine_json(body, "a network");
    if (!value) return value.error();
    NetworkState state;
    state.id = text_at(*value, "Id");
    state.name = text_at(*value, "Name");
    state.containers = keys_at(*value, "Containers");
    const std::string mtu = text_at(object_at(*value, "Options"), "com.docker.network.driver.mtu");
    std::from_chars(mtu.data(), mtu.data() + mtu.size(), state.mtu);
    return state;
}

base::Result<std::string> parse_new_id(std::string_view body, const std::string& what) {
    auto value = parse_engine_json(body, what);
    if (!value) return value.error();
    std::string id = text_at(*value, "Id");
    if (id.empty()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the Docker engine made " + what + " without an id");
    }
    return id;
}

base::Result<std::vector<Listed>> parse_containers(std::string_view body) {
    auto value = parse_engine_json(body, "its containers");
    if (!value) return value.error();
    return parse_list(*value, "Id");
}

base::Result<std::vector<Listed>> parse_networks(std::string_view body) {
    auto value = parse_engine_json(body, "its networks");
    if (!value) return value.error();
    return parse_list(*value, "Id");
}

base::Result<std::vector<Listed>> parse_volumes(std::string_view body) {
    auto value = parse_engine_json(body, "its volumes");
    if (!value) return value.error();
    if (!value->is_object() || !value->contains("Volumes")) return std::vector<Listed>();
    return parse_list((*value)["Volumes"], "Name");
}

base::Result<std::vector<ListedImage>> parse_images(std::string_view body) {
    auto value = parse_engine_json(body, "its images");
    if (!value) return value.error();
    std::vector<ListedImage> list;
    if (!value->is_array()) return list;
    for (const auto& item : *value) {
        if (!item.is_object()) continue;
        ListedImage image;
        image.id = text_at(item, "Id");
        image.tags = texts_at(item, "RepoTags");
        std::erase(image.tags, "<none>:<none>");
        image.digests = texts_at(item, "RepoDigests");
        std::erase(image.digests, "<none>@<none>");
        image.parent = text_at(item, "ParentId");
        image.bytes = bytes_at(item, "Size");
        image.created = static_cast<std::int64_t>(bytes_at(item, "Created"));
        if (!image.id.empty()) list.push_back(std::move(image));
    }
    return list;
}

base::Result<std::map<std::string, std::uint64_t>> parse_volume_sizes(std::string_view body) {
    auto value = parse_engine_json(body, "the space it uses");
    if (!value) return value.error();
    std::map<std::string, std::uint64_t> sizes;
    const auto volumes = value->find("Volumes");
    if (volumes == value->end() || !volumes->is_array()) return sizes;
    for (const auto& item : *volumes) {
        if (!item.is_object()) continue;
        const json& usage = object_at(item, "UsageData");
        // -1: not known.
        if (!has_number(usage, "Size") || usage["Size"].get<std::int64_t>() < 0) continue;
        sizes[text_at(item, "Name")] = bytes_at(usage, "Size");
    }
    return sizes;
}

}  // namespace executors::docker
