#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

/// Runs the git program. Every call blocks; git asks the user nothing.
namespace runner::local {

/// What `git <arguments>` prints in `directory`. kNotFound when there is no git program, kIo with
/// git's message when it fails.
base::Result<std::string> run_git(const std::filesystem::path& directory,
                                  std::vector<std::string> arguments);

/// Paths that `git <arguments> -z` prints; nothing when it fails.
std::optional<std::vector<std::string>> list_git(const std::filesystem::path& directory,
                                                 std::vector<std::string> arguments);

}  // namespace runner::local
