#include "executors/helper/docker_wrappers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/json.hpp"
#include "executors/helper/builder_boot.hpp"
#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/preload.hpp"

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

bool is_this_program(const std::string& path) {
    struct stat self {};
    struct stat other {};
    return ::stat("/proc/self/exe", &self) == 0 && ::stat(path.c_str(), &other) == 0 &&
           self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

[[nodiscard]] int become(const std::string& path, std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(path.c_str(), pointers.data());
    std::fprintf(stderr, "runner-helper: %s\n", errno_text("run " + path, errno).c_str());
    return 127;
}

std::string find_next_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& directory : split_text(path != nullptr ? path : "", ':')) {
        std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0 && !is_this_program(candidate)) return candidate;
    }
    return {};
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

int run_dockerd_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("dockerd");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no dockerd in its PATH\n");
        return 127;
    }
    prepare_resolver(real);
    const char* wanted = std::getenv("RUNNER_DIND_TCP");
    if (wanted != nullptr && std::string(wanted) == "1") return become(real, arguments);
    return become(real, rewrite_dockerd(arguments));
}

int run_docker_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("docker");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no docker in its PATH\n");
        return 127;
    }
    const char* buildkit = std::getenv("DOCKER_BUILDKIT");
    const bool classic_build = buildkit != nullptr && std::string(buildkit) == "0";
    if (makes_engine_resolve(arguments, classic_build)) wait_until_hosts_are_read();
    return become(real, arguments);
}

namespace {

/// What buildx boots a builder from when no image is given.
constexpr const char* kDefaultImage = "moby/buildkit:buildx-stable-1";

constexpr const char* kPluginDirectories[] = {
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"};

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

bool starts_any(const std::vector<std::string>& words, const std::string& start) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word.rfind(start, 0) == 0; });
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
    const std::string host = text_or(std::getenv("DOCKER_HOST"), "unix:///var/run/docker.sock");
    if (host != "unix:///var/run/docker.sock" || std::getenv("DOCKER_CONTEXT") != nullptr)
        return false;
    if (text_or(std::getenv("BUILDX_BUILDER"), builder) != builder) return false;
    if (starts_any(arguments, "--builder")) return false;
    std::ifstream file(client_state() + "/current");
    const auto current = nlohmann::json::parse(file, nullptr, false);
    return current.is_object() && current.value("Name", "") == builder;
}

/// Waits for the builder's image and boots the builder, before a call that may boot it.
void make_ready(const std::string& buildx, const std::vector<std::string>& arguments,
                const std::string& builder) {
    // A copy that failed is no reason to stop: buildx pulls the image then, or reports why it
    // cannot.
    static_cast<void>(wait_for_images(true));
    if (!means_prepared(arguments, builder)) {
        wait_until_hosts_are_read();  // the engine itself may be the builder
        return;
    }
    const std::string image = prepared_image(builder);
    boot_builder(
        {.buildx = buildx, .builder = builder, .image = image.empty() ? kDefaultImage : image});
}

}  // namespace

int run_buildx_wrapper(const std::vector<std::string>& arguments) {
    const std::string builder = text_or(std::getenv("RUNNER_BUILDER_NAME"), "runner");
    for (const char* directory : kPluginDirectories) {
        const std::string candidate = std::string(directory) + "/docker-buildx";
        if (::access(candidate.c_str(), X_OK) != 0 || is_this_program(candidate)) continue;
        if (may_boot(arguments)) make_ready(candidate, arguments, builder);
        return become(candidate, rewrite_buildx(arguments, builder, prepared_image(builder)));
    }
    std::fprintf(stderr, "runner-helper: the image has no docker-buildx plugin\n");
    return 127;
}

}  // namespace executors::helper
