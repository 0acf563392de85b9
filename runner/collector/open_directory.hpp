#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

/// Directories that jobs can change, without following a link that they put there.
namespace runner::collector {

/// Closed when it is missing, a link or no directory.
base::UniqueFd open_directory(int parent, const std::string& name);

/// The names in a directory; none of one that cannot be read.
std::vector<std::string> names_in(int directory);

/// The directories from `root` on, open; empty when one is missing, is a link, or is not below
/// `root`.
std::vector<base::UniqueFd> open_way(const std::filesystem::path& root,
                                     const std::filesystem::path& below);

/// Microseconds since 1970.
std::int64_t micros(const timespec& time);

}  // namespace runner::collector
