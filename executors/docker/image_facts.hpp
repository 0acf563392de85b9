#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace executors::docker {

/// What `GET /images/{name}/json` says, as far as we need it.
struct ImageFacts {
    std::string id;
    std::vector<std::string> repo_digests;
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

/// Files in an image that decide what we put into its containers.
struct ImageFiles {
    bool has_git = false;
    std::map<std::string, std::string> contents;  ///< path → text of the configuration files found
    std::vector<std::string> present;             ///< other paths that exist
};

}  // namespace executors::docker
