#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

/// The container that buildx's docker-container driver makes for a builder.
///
/// buildx asks the registry for the builder's image before it makes the container, also when the
/// engine has the image, and can make it only when its own notes of the builder are complete. So
/// the runner makes the same container itself; buildx finds it by its name and uses it
/// (docker/buildx, driver/docker-container/driver.go).
namespace executors::helper {

struct BuilderContainer {
    std::string image;
    std::string network;  ///< "": the engine's default
    std::map<std::string, std::string> environment;
    std::vector<std::string> flags;            ///< of buildkitd
    std::map<std::string, std::string> files;  ///< the content by the name below /etc/buildkit
    bool keeps_state = true;                   ///< false: in a volume that goes with the container

    bool operator==(const BuilderContainer&) const = default;
};

/// The container of a builder as buildx notes it (instances/NAME). nullopt when buildx must make
/// it: several nodes, another driver or engine, an option that is not known here. Pure.
std::optional<BuilderContainer> container_of(const nlohmann::json& instance);

/// The address of the engine that the prepared builder runs on.
inline constexpr char kOwnEngine[] = "unix:///var/run/docker.sock";
/// Among BuilderContainer::files.
inline constexpr char kBuilderConfig[] = "buildkitd.toml";

/// Its name; the volume of its state is called so, with "_state" behind it.
std::string builder_container_name(const std::string& builder);

/// Makes it and starts it; the answer is its id. Throws Failure; nothing of it is left then.
std::string start_builder_container(const std::string& socket, const std::string& name,
                                    const BuilderContainer& container);

/// Removes the container of a builder, if there is one. An engine that cannot be asked is no
/// failure: there is no container either, or the command that follows reports it.
void remove_builder_container(const std::string& socket, const std::string& builder);

}  // namespace executors::helper
