#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "executors/helper/builder_container.hpp"

/// The files in which buildx keeps its builders: instances/NAME for each, and `current`.
namespace executors::helper {

/// A builder's state in the directory of one docker client.
class BuildxState {
  public:
    explicit BuildxState(std::string directory) : directory_(std::move(directory)) {}
    /// The directory that buildx takes from the environment.
    static BuildxState of_environment();

    [[nodiscard]] const std::string& directory() const { return directory_; }

    /// The builder that is used when none is named.
    struct Current {
        std::string name;     ///< "" when none was chosen
        bool global = false;  ///< for every address of an engine
    };
    [[nodiscard]] Current current() const;
    /// The image that a builder boots from; "": buildx's default, or no such builder.
    [[nodiscard]] std::string image_of(const std::string& builder) const;
    /// What buildx would make of a builder; nullopt when only buildx knows.
    [[nodiscard]] std::optional<BuilderContainer> container_of(const std::string& builder) const;

    /// Gives the nodes of a builder of the docker-container driver these environment variables,
    /// unless a node has an own value. Takes effect when the builder boots. A builder that cannot
    /// be read or written stays as it is: buildx reports what is wrong with it.
    void add_environment(const std::string& builder,
                         const std::map<std::string, std::string>& variables) const;

    /// Notes that the runner has made this builder, and no script.
    void mark_prepared(const std::string& builder) const;
    [[nodiscard]] bool is_prepared(const std::string& builder) const;
    /// Gives the prepared builder's name free for one that a script makes. It stays the current
    /// one. Its container goes, if it runs; the volume with its cache stays for the next one.
    void release_prepared(const std::string& builder,
                          const std::string& socket = "/var/run/docker.sock") const;

  private:
    [[nodiscard]] nlohmann::json read_instance(const std::string& builder) const;
    [[nodiscard]] nlohmann::json read(const std::string& file) const;
    [[nodiscard]] std::string mark() const { return directory_ + "/prepared-by-runner"; }

    std::string directory_;
};

}  // namespace executors::helper
