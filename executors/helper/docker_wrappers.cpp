#include "executors/helper/docker_wrappers.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/json.hpp"
#include "executors/helper/builder_boot.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/preload.hpp"
#include "executors/helper/socket_sharing.hpp"

namespace executors::helper {

namespace {

bool is_open_listener(const std::string& address) {
    return address == "tcp://0.0.0.0:2375" || address == "tcp://[::]:2375" ||
           address == "tcp://:2375";
}

bool asks_for_tls(const std::string& argument) {
    return argument == "--tls" || argument == "--tlsverify" || argument == "--tls=true" ||
           argument == "--tlsverify=true";
}

bool starts_any(const std::vector<std::string>& words, const std::string& start) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.rfind(start, 0) == 0; });
}

std::string value_of_variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments) {
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_tls)) return arguments;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const bool takes_next = argument == "--host" || argument == "-H";
        if (takes_next && i + 1 < arguments.size() && is_open_listener(arguments[i + 1])) {
            ++i;
            continue;
        }
        if (argument.rfind("--host=", 0) == 0 && is_open_listener(argument.substr(7))) continue;
        if (argument.rfind("-H=", 0) == 0 && is_open_listener(argument.substr(3))) continue;
        if (argument.rfind("-H", 0) == 0 && is_open_listener(argument.substr(2))) continue;
        kept.push_back(argument);
    }
    return kept;
}

std::vector<std::string> open_dockerd(const std::vector<std::string>& arguments) {
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_tls)) return arguments;
    std::vector<std::string> opened = rewrite_dockerd(arguments);
    // With one address in its arguments, dockerd does not listen at its default socket.
    if (!starts_any(opened, "--host") && !starts_any(opened, "-H")) {
        opened.emplace_back("--host=unix:///var/run/docker.sock");
    }
    opened.emplace_back("--host=tcp://127.0.0.1:2375");
    if (!starts_any(opened, "--tls=")) opened.emplace_back("--tls=false");
    return opened;
}

std::vector<std::string> listen_as_wanted(const std::vector<std::string>& arguments,
                                          const std::string& wanted) {
    if (wanted == "all") return arguments;
    return wanted == "1" ? open_dockerd(arguments) : rewrite_dockerd(arguments);
}

int run_dockerd_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("dockerd");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no dockerd in its PATH\n");
        return 127;
    }
    const auto words = listen_as_wanted(arguments, value_of_variable("RUNNER_DIND_TCP"));
    if (value_of_variable("RUNNER_DIND_SHARED") == "1") share_sockets(sockets_of(words));
    return become_program(real, words);
}

namespace {

/// What buildx boots a builder from when no image is given.
constexpr const char* kDefaultImage = "moby/buildkit:buildx-stable-1";

std::string text_or(const char* text, const std::string& fallback) {
    return text != nullptr && *text != '\0' ? text : fallback;
}

/// The directory of buildx's state.
std::string client_state() {
    const std::string home = text_or(std::getenv("HOME"), "/root");
    const std::string client = text_or(std::getenv("DOCKER_CONFIG"), home + "/.docker");
    return text_or(std::getenv("BUILDX_CONFIG"), client + "/buildx");
}

/// The image that the prepared builder boots from; "": buildx's default.
std::string prepared_image(const std::string& builder) {
    std::ifstream file(client_state() + "/instances/" + builder);
    const auto instance = nlohmann::json::parse(file, nullptr, false);
    if (!instance.is_object() || !instance.contains("Nodes") || instance["Nodes"].empty())
        return {};
    const auto& node = instance["Nodes"][0];
    if (!node.contains("DriverOpts") || !node["DriverOpts"].is_object()) return {};
    return node["DriverOpts"].value("image", "");
}

}  // namespace

std::vector<std::string> rewrite_buildx(const std::vector<std::string>& arguments,
                                        const std::string& builder, const std::string& image) {
    const auto create = std::find(arguments.begin(), arguments.end(), "create");
    const bool appends = std::find(create, arguments.end(), "--append") != arguments.end();
    if (!appends || starts_any(arguments, "--name")) return arguments;
    std::vector<std::string> out = arguments;
    const auto after_create = out.begin() + (create - arguments.begin()) + 1;
    std::vector<std::string> more{"--name", builder};
    if (!starts_any(arguments, "--node")) more.insert(more.end(), {"--node", builder + "0"});
    const bool names_image = std::any_of(
        arguments.begin(), arguments.end(),
        [](const std::string& word) { return word.find("image=") != std::string::npos; });
    if (!image.empty() && !names_image) more.insert(more.end(), {"--driver-opt", "image=" + image});
    out.insert(after_create, more.begin(), more.end());
    return out;
}

namespace {

/// Whether a call of buildx uses the prepared builder of the inner engine, and no other.
bool means_prepared(const std::vector<std::string>& arguments, const std::string& builder) {
    if (std::getenv("DOCKER_CONTEXT") != nullptr) return false;
    if (text_or(std::getenv("BUILDX_BUILDER"), builder) != builder) return false;
    if (starts_any(arguments, "--builder")) return false;
    std::ifstream file(client_state() + "/current");
    const auto current = nlohmann::json::parse(file, nullptr, false);
    if (!current.is_object() || current.value("Name", "") != builder) return false;
    const std::string host = text_or(std::getenv("DOCKER_HOST"), "unix:///var/run/docker.sock");
    return host == "unix:///var/run/docker.sock" || current.value("Global", false);
}

/// Waits for the images that the call may need, and boots the builder.
void make_ready(const std::string& buildx, const std::vector<std::string>& arguments,
                const std::string& builder) {
    const bool prepared = means_prepared(arguments, builder);
    auto needed = pending_images();
    // The prepared builder takes nothing from the engine but its own image.
    if (prepared) {
        std::erase_if(needed, [](const auto& image) { return image.mark != kBuilderMark; });
    }
    // A copy that failed is no reason to stop: the image is pulled then, or buildx reports why it
    // cannot be.
    wait_for_images(needed);
    if (!prepared) return;
    const std::string image = prepared_image(builder);
    boot_builder(
        {.buildx = buildx, .builder = builder, .image = image.empty() ? kDefaultImage : image});
}

}  // namespace

int run_buildx_wrapper(const std::vector<std::string>& arguments) {
    const std::string builder = text_or(std::getenv("RUNNER_BUILDER_NAME"), "runner");
    const std::string plugin = find_docker_plugin("docker-buildx");
    if (plugin.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no docker-buildx plugin\n");
        return 127;
    }
    if (may_boot(arguments)) make_ready(plugin, arguments, builder);
    return become_program(plugin, rewrite_buildx(arguments, builder, prepared_image(builder)));
}

}  // namespace executors::helper
