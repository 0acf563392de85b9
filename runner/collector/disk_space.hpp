#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::collector {

/// The free space and inodes of the file system of `path`, for users without privileges. It is
/// asked on another thread: a network's file system may take long to answer. DiskState::directory
/// stays empty. kNotFound when there is no such path.
base::Task<base::Result<status::DiskState>> disk_space(std::filesystem::path path);

/// The same of the nearest directory above that exists: a directory that the first job makes.
base::Task<base::Result<status::DiskState>> disk_space_above(std::filesystem::path path);

}  // namespace runner::collector
