#include <algorithm>

#include "tests/unit/executors/docker/simulated_answers.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

/// The images of the engine, and its pulls.
namespace executors::docker {

using nlohmann::json;
using protocol::http::Response;
using simulated::not_found;
using simulated::query_value;
using simulated::respond;
using simulated::respond_empty;

namespace {

/// "app" for "app:1".
std::string without_tag(const std::string& name) {
    const auto colon = name.rfind(':');
    const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
    return tagged ? name.substr(0, colon) : name;
}

}  // namespace

Response SimulatedEngine::answer_image(const std::string& method, const std::string& path,
                                       const std::string& query) {
    if (method == "POST" && path.ends_with("/tag")) return tag(path, query);
    if (method == "POST") return pull(query);
    if (method == "DELETE") return remove_image(path.substr(8));
    if (path == "/images/get") return respond_empty(200);
    const std::string name = path.substr(8, path.size() - 8 - std::string("/json").size());
    auto found = images.find(name);
    if (found == images.end()) found = images.find(without_tag(name));
    if (found == images.end()) {
        found = std::find_if(images.begin(), images.end(),
                             [&](const auto& image) { return image.second["Id"] == name; });
    }
    return found == images.end() ? respond(404, {{"message", "No such image: " + name}})
                                 : respond(200, found->second);
}

Response SimulatedEngine::remove_image(const std::string& name) {
    const auto found = images.find(name);
    if (found == images.end()) return not_found();
    const json image = found->second;
    const std::string id = image["Id"];
    if (name == id && parents.contains(id)) return respond(409, {{"message", "it has children"}});
    images.erase(found);
    const bool named = std::any_of(images.begin(), images.end(),
                                   [&](const auto& other) { return other.second["Id"] == id; });
    if (!named && parents.contains(id)) images[id] = image;
    return respond_empty(200);
}

Response SimulatedEngine::tag(const std::string& path, const std::string& query) {
    const std::string name = path.substr(8, path.size() - 8 - std::string("/tag").size());
    const auto found = images.find(without_tag(name));
    if (found == images.end()) return respond(404, {{"message", "No such image: " + name}});
    const json image = found->second;
    images[query_value(query, "repo")] = image;
    return respond_empty(201);
}

Response SimulatedEngine::list_images() {
    json list = json::array();
    for (const auto& [name, image] : images) {
        list.push_back({{"Id", image["Id"]}, {"RepoTags", {name}}, {"Size", 1000}});
    }
    return respond(200, list);
}

Response SimulatedEngine::pull(const std::string& query) {
    std::string name = query_value(query, "fromImage");
    const std::string tag = query_value(query, "tag");
    const bool by_digest = tag.starts_with("sha256:");
    pulled.push_back(name + (by_digest ? "@" : ":") + tag);
    std::string failure = registry.contains(name) ? "" : "manifest unknown";
    if (!pull_answers_.empty()) {
        failure = pull_answers_.front();
        pull_answers_.erase(pull_answers_.begin());
    }
    Response response = respond_empty(200);
    response.body = "{\"status\": \"Pulling\"}\n";
    if (failure.empty()) {
        if (by_digest) name += "@" + tag;
        if (!images.contains(name)) add_image(name);
        response.body += R"({"id": "layer", "progressDetail": {"current": 1000}})"
                         "\n{\"status\": \"done\"}\n";
    } else {
        response.body += json{{"errorDetail", {{"message", failure}}}}.dump() + "\n";
    }
    return response;
}

}  // namespace executors::docker
