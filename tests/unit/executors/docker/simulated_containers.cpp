#include <chrono>

#include "executors/docker/engine_json.hpp"
#include "tests/unit/executors/docker/simulated_answers.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

/// The containers of the engine.
namespace executors::docker {

using nlohmann::json;
using protocol::http::Request;
using protocol::http::Response;
using simulated::fits_filters;
using simulated::not_found;
using simulated::query_of;
using simulated::query_value;
using simulated::respond;
using simulated::respond_empty;

namespace {

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

Response SimulatedEngine::create_container(const std::string& query, const std::string& body) {
    const std::string name = query_value(query, "name");
    if (!id_of(name).empty()) return respond(409, {{"message", "the name is in use"}});
    const std::string id = "id-" + std::to_string(++last_id_);
    containers[id] = Container{.name = name,
                               .body = json::parse(body),
                               .running = false,
                               .exit_code = 0,
                               .log = {},
                               .written = {}};
    return respond(201, {{"Id", id}});
}

bool SimulatedEngine::uses_volume(const Container& container, const json& names) const {
    const auto host = container.body.value("HostConfig", json::object());
    for (const auto& bind : host.value("Binds", json::array())) {
        const std::string text = bind;
        if (names.front() == text.substr(0, text.find(':'))) return true;
    }
    return false;
}

Response SimulatedEngine::list_containers(const std::string& query) {
    json list = json::array();
    for (const auto& [id, container] : containers) {
        const json filters = json::parse(query_value(query, "filters"));
        bool fits = fits_filters(query, labels_at(container.body, "Labels"));
        if (filters.contains("volume")) fits = fits && uses_volume(container, filters["volume"]);
        // Of its states, an engine in memory has "created" or "exited", and "running".
        if (filters.contains("status")) fits = fits && (container.running || !container.ended);
        if (fits) {
            json mounts = json::array();
            for (const auto& bind : texts_at(object_at(container.body, "HostConfig"), "Binds")) {
                mounts.push_back({{"Name", bind.substr(0, bind.find(':'))}});
            }
            list.push_back({{"Id", id},
                            {"State", container.running ? "running"
                                      : container.ended ? "exited"
                                                        : "created"},
                            {"Mounts", mounts},
                            {"Names", {"/" + container.name}},
                            {"Created", young.contains(id) ? seconds_now() : 1},
                            {"Labels", labels_at(container.body, "Labels")}});
        }
    }
    return respond(200, list);
}

Response SimulatedEngine::inspect(const std::string& id) {
    const Container& container = containers[id];
    json networks_of = json::object();
    if (!address.empty()) networks_of["bridge"] = {{"IPAddress", address}};
    const std::string image = text_at(container.body, "Image");
    json config = json::object();
    for (auto& [name, known] : images) {
        if (known["Id"] == image) config = known["Config"];
    }
    return respond(200, {{"Id", id},
                         {"State",
                          {{"Running", container.running},
                           {"ExitCode", container.exit_code},
                           {"Status", container.running ? "running" : "exited"}}},
                         {"NetworkSettings", {{"Networks", networks_of}}},
                         {"Config", config}});
}

Response SimulatedEngine::answer_container(const std::string& method, const std::string& path,
                                           const Request& request) {
    const auto slash = path.find('/');
    const std::string id = id_of(path.substr(0, slash));
    const std::string call = method + (slash == std::string::npos ? "" : path.substr(slash));
    if (id.empty()) return not_found();
    Container& container = containers[id];
    const std::string query = query_of(request.target);
    if (call == "DELETE") {
        containers.erase(id);
        return respond_empty(204);
    }
    if (call == "POST/start" || call == "POST/kill" || call == "POST/stop") {
        container.ended = call == "POST/kill";
        if (call == "POST/stop") container.exit_code = exit_code_of_stopped;
        container.running =
            call == "POST/start" && !short_lived.contains(text_at(container.body, "Image"));
        if (call == "POST/start" && on_start) on_start(container);
        return respond_empty(204);
    }
    if (call == "GET/json") return inspect(id);
    if (call == "GET/stats") return respond(200, {{"memory_stats", {{"usage", memory}}}});
    if (call == "POST/wait") return respond(200, {{"StatusCode", container.exit_code}});
    if (call == "POST/exec") {
        exec_commands.push_back(nlohmann::json::parse(request.body)["Cmd"]);
        return respond(201, {{"Id", "exec"}});
    }
    if (call == "GET/logs") {
        Response response = respond_empty(200);
        response.body = container.log;
        return response;
    }
    if (call == "PUT/archive") {
        container.written[query_value(query, "path")] = request.body;
        return respond_empty(200);
    }
    if (const auto file = container.written.find(query_value(query, "path"));
        call == "GET/archive" && file != container.written.end()) {
        auto response = respond_empty(200);
        response.body = file->second;
        return response;
    }
    if (call == "HEAD/archive") {
        return respond_empty(files.contains(query_value(query, "path")) ? 200 : 404);
    }
    return not_found();
}

}  // namespace executors::docker
