#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace executors::docker {

/// The fields of `GET /images/{name}/json` that a job needs.
struct ImageInfo {
    std::string id;
    /// Time of creation and layers, joined by commas; "" when the engine names no layers. It tells
    /// one image apart from another where ids cannot: each kind of store has its own.
    std::string content;
    std::vector<std::string> repo_tags;     ///< "alpine:3"
    std::vector<std::string> repo_digests;  ///< "alpine@sha256:…"
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
    std::vector<std::string> environment;  ///< NAME=value
    std::string user;
    std::vector<std::string> volumes;
    std::vector<std::string> exposed_ports;  ///< "2375/tcp"
    std::string os;
    std::string architecture;

    /// The value of a variable of the image's own environment, "" for none.
    [[nodiscard]] std::string environment_value(std::string_view name) const;
};

/// The files of an image that decide which files its containers get from the runner.
struct ImageFiles {
    bool has_git = false;
    bool has_docker = false;
    std::map<std::string, std::string> contents;  ///< path → text of the configuration files found
    std::vector<std::string> present;             ///< other paths that exist
};

}  // namespace executors::docker
