#include "executors/helper/docker_front.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "base/json.hpp"
#include "executors/helper/buildx_wrapper.hpp"
#include "executors/helper/front_program.hpp"
#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/proxies.hpp"

namespace executors::helper {

namespace {

/// Global options of the docker client that take the next word as their value.
constexpr std::array<std::string_view, 10> kWithValue{
    "-H", "--host",      "-c",          "--context", "--config",
    "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey"};

constexpr std::size_t kMostOfConfig = 1U << 20U;

template <typename List>
bool contains(const List& list, std::string_view word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

/// The index of the command; the number of arguments when there is none.
std::size_t command_at(const std::vector<std::string>& arguments) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word.empty() || word.front() != '-') return i;
        if (contains(kWithValue, word)) ++i;
    }
    return arguments.size();
}

std::string command_of(const std::vector<std::string>& arguments) {
    const auto at = command_at(arguments);
    return at < arguments.size() ? arguments[at] : std::string();
}

/// Commands that list images, or take their names from a file.
bool needs_all(const std::string& command, bool has_buildx) {
    static constexpr std::array<std::string_view, 6> kAll{"images",  "image", "system",
                                                          "compose", "stack", "service"};
    if (command == "build" || command == "builder") return !has_buildx;
    return contains(kAll, command);
}

bool names(const std::string& word, const std::string& image) {
    if (is_same_image(word, image)) return true;
    const auto equals = word.find('=');
    return equals != std::string::npos && is_same_image(word.substr(equals + 1), image);
}

std::string full_name(std::string name) {
    for (const std::string_view prefix : {"index.docker.io/", "docker.io/", "library/"}) {
        if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
    }
    const auto slash = name.rfind('/');
    const bool plain = name.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos;
    return plain && name.find('@') == std::string::npos ? name + ":latest" : name;
}

}  // namespace

bool is_same_image(const std::string& one, const std::string& other) {
    return full_name(one) == full_name(other);
}

bool makes_engine_resolve(const std::vector<std::string>& arguments, bool classic_build) {
    static constexpr std::array<std::string_view, 6> kAlways{"login", "pull",   "push",
                                                             "run",   "create", "search"};
    static constexpr std::array<std::string_view, 6> kGroups{"image",   "container", "plugin",
                                                             "compose", "service",   "stack"};
    static constexpr std::array<std::string_view, 9> kOfGroups{
        "pull", "push", "run", "create", "install", "upgrade", "up", "update", "deploy"};
    const std::string command = command_of(arguments);
    if (contains(kAlways, command)) return true;
    if (command == "build") return classic_build;
    if (!contains(kGroups, command)) return false;
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(command_at(arguments));
    return std::any_of(first + 1, arguments.end(), [&](const std::string& word) {
        return contains(kOfGroups, word) || (classic_build && word == "build");
    });
}

std::vector<PendingImage> needed_images(const std::vector<std::string>& arguments,
                                        const std::vector<PendingImage>& pending, bool has_buildx) {
    const bool all = needs_all(command_of(arguments), has_buildx);
    std::vector<PendingImage> needed;
    for (const auto& image : pending) {
        const bool named =
            std::any_of(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end(),
                        [&](const auto& word) { return names(word, image.name); });
        if (named || (all && image.mark != kBuilderMark)) needed.push_back(image);
    }
    return needed;
}

bool may_skip_client(const std::vector<std::string>& arguments, const ClientFiles& files) {
    static constexpr std::array<std::string_view, 4> kChanging{"aliases", "cliPluginsExtraDirs",
                                                               "plugins", "HttpHeaders"};
    if (arguments.size() < 2 || arguments[1] != "buildx") return false;
    const std::string own = files.directory + "/cli-plugins/docker-buildx";
    const bool has_own = ::access(own.c_str(), F_OK) == 0;
    if (!is_this_program(has_own ? own : files.system_plugin)) return false;
    const std::string path = files.directory + "/config.json";
    if (::access(path.c_str(), F_OK) != 0) return true;
    const auto config = base::parse_foreign_json(read_file_end(path, kMostOfConfig));
    return config.is_object() && std::none_of(kChanging.begin(), kChanging.end(),
                                              [&](auto key) { return config.contains(key); });
}

int run_docker_front(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("docker");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no docker client in its PATH\n");
        return 127;
    }
    const std::string home = environment_or("HOME", "/root");
    if (may_skip_client(arguments, {environment_or("DOCKER_CONFIG", home + "/.docker")})) {
        ::setenv(kClientVariable, arguments[0].c_str(), 1);
        std::vector<std::string> words{"docker-buildx"};
        words.insert(words.end(), arguments.begin() + 1, arguments.end());
        return run_buildx_wrapper(words);
    }
    const bool has_buildx = !find_docker_plugin("docker-buildx").empty();
    wait_for_images(needed_images(arguments, pending_images(), has_buildx));
    const bool classic_build = !has_buildx || environment_or("DOCKER_BUILDKIT", "1") == "0";
    if (makes_engine_resolve(arguments, classic_build)) wait_until_hosts_are_read();
    export_proxy_variables();
    return become_program(real, arguments);
}

}  // namespace executors::helper
