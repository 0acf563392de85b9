#include "executors/docker/job_objects.hpp"
#include "base/json.hpp"

#include "executors/docker/engine_json.hpp"

namespace executors::docker {

using nlohmann::json;

namespace {

std::map<std::string, std::string> table_at(const json& value, const char* key) {
    std::map<std::string, std::string> table;
    if (!value.contains(key) || !value[key].is_object()) return table;
    for (const auto& [name, text] : value[key].items()) {
        if (text.is_string()) table[name] = text.get<std::string>();
    }
    return table;
}

}  // namespace

std::string JobObjects::to_json() const {
    json images = json::array();
    for (const auto& preload : preloads) {
        images.push_back({{"name", preload.name},
                          {"id", preload.id},
                          {"mark", preload.mark},
                          {"content", preload.content}});
    }
    const json volume = {{"name", builder_volume.name},
                         {"engine_image", builder_volume.engine_image},
                         {"helper_volume", builder_volume.helper_volume}};
    const json git_mirror = {{"volume", mirror.volume},
                             {"image", mirror.image},
                             {"architecture", mirror.architecture},
                             {"seed", mirror.seed},
                             {"seed_bytes", mirror.seed_bytes}};
    const json value = {{"base", base},
                        {"mirror", git_mirror},
                        {"builder_volume", volume},
                        {"volume_base", volume_base},
                        {"preloads", std::move(images)},
                        {"container", container},
                        {"services", services},
                        {"service_names", service_names},
                        {"network", network},
                        {"volumes", volumes},
                        {"image", image},
                        {"entrypoint", entrypoint},
                        {"unprivileged", unprivileged},
                        {"script_environment", script_environment},
                        {"client_environment", client_environment},
                        {"login_directory", login_directory},
                        {"client_late", client_late},
                        {"builder", builder},
                        {"builder_made", builder_made},
                        {"builder_anywhere", builder_anywhere},
                        {"engine", engine},
                        {"sidecar", sidecar},
                        {"engine_container", engine_container},
                        {"data_volume", data_volume},
                        {"data_line", data_line},
                        {"used_volumes", used_volumes},
                        {"used_images", used_images},
                        {"hostname", hostname},
                        {"user", user},
                        {"git_directory", git_directory},
                        {"lfs_directory", lfs_directory}};
    return base::dump_json(value);
}

base::Result<JobObjects> JobObjects::from_json(const std::string& text) {
    const json value = base::parse_foreign_json(text);
    if (!value.is_object() || text_at(value, "container").empty()) {
        return base::make_error(base::ErrorKind::kNotFound,
                                "the saved state of the job's environment cannot be read");
    }
    JobObjects objects;
    objects.base = text_at(value, "base");
    objects.volume_base = text_at(value, "volume_base");
    objects.container = text_at(value, "container");
    objects.services = texts_at(value, "services");
    objects.service_names = table_at(value, "service_names");
    objects.script_environment = table_at(value, "script_environment");
    objects.unprivileged = text_at(value, "unprivileged");
    objects.client_environment = table_at(value, "client_environment");
    objects.login_directory = text_at(value, "login_directory");
    objects.client_late = flag_at(value, "client_late");
    objects.builder = flag_at(value, "builder");
    objects.builder_made = flag_at(value, "builder_made");
    objects.builder_anywhere = flag_at(value, "builder_anywhere");
    objects.network = text_at(value, "network");
    objects.volumes = texts_at(value, "volumes");
    objects.image = text_at(value, "image");
    objects.entrypoint = texts_at(value, "entrypoint");
    objects.engine = flag_at(value, "engine");
    objects.sidecar = flag_at(value, "sidecar");
    objects.engine_container = text_at(value, "engine_container");
    objects.data_volume = text_at(value, "data_volume");
    objects.data_line = text_at(value, "data_line");
    objects.used_volumes = texts_at(value, "used_volumes");
    objects.used_images = texts_at(value, "used_images");
    objects.hostname = text_at(value, "hostname");
    objects.user = text_at(value, "user");
    objects.git_directory = text_at(value, "git_directory");
    objects.lfs_directory = text_at(value, "lfs_directory");
    const json& volume = object_at(value, "builder_volume");
    objects.builder_volume = {text_at(volume, "name"), text_at(volume, "engine_image"),
                              text_at(volume, "helper_volume")};
    const json& mirror = object_at(value, "mirror");
    objects.mirror = {text_at(mirror, "volume"), text_at(mirror, "image"),
                      text_at(mirror, "architecture"), text_at(mirror, "seed"), 0};
    if (mirror.is_object() && mirror.contains("seed_bytes") &&
        mirror["seed_bytes"].is_number_unsigned()) {
        objects.mirror.seed_bytes = mirror["seed_bytes"];
    }
    if (value.contains("preloads") && value["preloads"].is_array()) {
        for (const auto& preload : value["preloads"]) {
            objects.preloads.push_back({text_at(preload, "name"), text_at(preload, "id"),
                                        text_at(preload, "mark"), text_at(preload, "content")});
        }
    }
    return objects;
}

}  // namespace executors::docker
