#include "executors/helper/buildx_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/json_fields.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

/// Whether anything was added.
bool add_to_nodes(Json& instance, const std::map<std::string, std::string>& variables) {
    bool added = false;
    if (!instance.contains("Nodes") || !instance["Nodes"].is_array()) return added;
    for (auto& node : instance["Nodes"]) {
        if (!node.is_object()) continue;
        Json& options = node["DriverOpts"];
        if (!options.is_object()) options = Json::object();
        for (const auto& [name, value] : variables) {
            if (options.contains("env." + name)) continue;
            options["env." + name] = value;
            added = true;
        }
    }
    return added;
}

}  // namespace

BuildxState BuildxState::of_environment() {
    const std::string home = environment_or("HOME", "/root");
    const std::string client = environment_or("DOCKER_CONFIG", home + "/.docker");
    return BuildxState(environment_or("BUILDX_CONFIG", client + "/buildx"));
}

Json BuildxState::read_instance(const std::string& builder) const {
    if (builder.empty() || builder.find('/') != std::string::npos) return {};
    return read("instances/" + builder);
}

Json BuildxState::read(const std::string& file) const {
    std::ifstream stream(directory_ + "/" + file);
    return Json::parse(stream, nullptr, false);
}

BuildxState::Current BuildxState::current() const {
    const Json file = read("current");
    const bool global = file.is_object() && file.contains("Global") && file["Global"] == true;
    return {base::text_at(file, "Name"), global};
}

std::string BuildxState::image_of(const std::string& builder) const {
    const Json instance = read_instance(builder);
    if (!instance.is_object() || !instance.contains("Nodes")) return {};
    const Json& nodes = instance["Nodes"];
    if (!nodes.is_array() || nodes.empty() || !nodes[0].is_object()) return {};
    return nodes[0].contains("DriverOpts") ? base::text_at(nodes[0]["DriverOpts"], "image") : "";
}

std::optional<BuilderContainer> BuildxState::container_of(const std::string& builder) const {
    return helper::container_of(read_instance(builder));
}

void BuildxState::add_environment(const std::string& builder,
                                  const std::map<std::string, std::string>& variables) const {
    Json instance = read_instance(builder);
    if (base::text_at(instance, "Driver") != "docker-container") return;
    if (!add_to_nodes(instance, variables)) return;
    const std::string path = directory_ + "/instances/" + builder;
    const std::string fresh = directory_ + "/.instance-of-runner";
    ::unlink(fresh.c_str());
    const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file || !write_all(file.get(), base::dump_json(instance))) return;
    static_cast<void>(::rename(fresh.c_str(), path.c_str()));
}

void BuildxState::mark_prepared(const std::string& builder) const {
    const UniqueFd file(
        ::open(mark().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    // Without the directory, buildx keeps its state elsewhere, and there is nothing to note.
    if (!file && errno == ENOENT) return;
    if (!file || !write_all(file.get(), builder)) fail_errno("write " + mark());
}

bool BuildxState::is_prepared(const std::string& builder) const {
    std::ifstream file(mark());
    std::ostringstream text;
    text << file.rdbuf();
    return file.good() && text.str() == builder;
}

void BuildxState::release_prepared(const std::string& builder, const std::string& socket) const {
    ::unlink((directory_ + "/instances/" + builder).c_str());
    ::unlink(mark().c_str());
    remove_builder_container(socket, builder);
}

}  // namespace executors::helper
