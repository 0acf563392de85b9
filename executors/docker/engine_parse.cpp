
#include "base/json.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

using nlohmann::json;

std::string ImageFacts::environment_value(std::string_view name) const {
    for (const auto& entry : environment) {
        const std::string_view view = entry;
        if (view.size() > name.size() && view.starts_with(name) && view[name.size()] == '=') {
            return std::string(view.substr(name.size() + 1));
        }
    }
    return {};
}

std::optional<std::string> pull_failure(std::string_view line) {
    const json value = json::parse(line, nullptr, false);
    if (!value.is_object()) return std::nullopt;
    std::string text = text_at(object_at(value, "errorDetail"), "message");
    if (text.empty()) text = text_at(value, "error");
    if (text.empty()) return std::nullopt;
    return text;
}

namespace {

/// What says nothing must not be read as "has ended, with 0": a job would be a success.
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

}  // namespace

base::Result<ImageFacts> parse_image_facts(std::string_view body) {
    auto value = parse_engine_json(body, "an image");
    if (!value) return value.error();
    ImageFacts facts;
    facts.id = text_at(*value, "Id");
    if (facts.id.empty()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the Docker engine described an image without an id");
    }
    const json& config = object_at(*value, "Config");
    facts.repo_digests = texts_at(*value, "RepoDigests");
    facts.entrypoint = texts_at(config, "Entrypoint");
    facts.command = texts_at(config, "Cmd");
    facts.environment = texts_at(config, "Env");
    facts.user = text_at(config, "User");
    facts.volumes = keys_at(config, "Volumes");
    facts.exposed_ports = keys_at(config, "ExposedPorts");
    facts.os = text_at(*value, "Os");
    facts.architecture = text_at(*value, "Architecture");
    return facts;
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

}  // namespace executors::docker
