#pragma once

#include <string>
#include <vector>

/// What programs have in common that are found first under the name of another program, and then
/// become that program.
namespace executors::helper {

/// By which a plugin of the docker client knows that the client has called it; without it, buildx
/// takes "buildx" in its arguments for a command of its own.
inline constexpr char kClientVariable[] = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND";

/// The first program of that name in PATH that is not this one; "" when there is none.
std::string find_next_in_path(const std::string& name);

/// The same in the directories of the docker client's plugins that belong to the system.
std::string find_docker_plugin(const std::string& name);

bool is_this_program(const std::string& path);

/// Returns only when the program cannot be started: 127, with a sentence on standard error.
[[nodiscard]] int become_program(const std::string& path, std::vector<std::string> arguments);

}  // namespace executors::helper
