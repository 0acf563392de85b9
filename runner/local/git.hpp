#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

/// The git program, for commands that have nothing else to do meanwhile. It asks no questions.
namespace runner::local {

/// What `git <arguments>` prints in `directory`. kNotFound when there is no git, kIo with git's
/// words when it fails.
base::Result<std::string> run_git(const std::filesystem::path& directory,
                                  std::vector<std::string> arguments);

/// Paths that `git <arguments> -z` prints.
std::optional<std::vector<std::string>> list_git(const std::filesystem::path& directory,
                                                 std::vector<std::string> arguments);

}  // namespace runner::local
