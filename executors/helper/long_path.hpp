#pragma once

#include <sys/stat.h>

#include <string>

#include "executors/helper/posix.hpp"

/// Calls for paths of any length. The kernel takes PATH_MAX bytes at once; a longer path is opened
/// piece by piece. They fail as the calls of the same names do, with errno.
namespace executors::helper {

int lstat_long(const std::string& path, struct stat& status);
UniqueFd open_long(const std::string& path, int flags);
/// Throws Failure.
std::string link_target_long(const std::string& path);

}  // namespace executors::helper
