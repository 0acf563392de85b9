#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::collector {

/// The free space and inodes of the file system of `path`, for users without privileges.
/// DiskState::directory stays empty. kNotFound when there is no such path.
///
/// A network's file system may never answer, and the system call cannot be interrupted. So each
/// question has a thread of its own, which holds nothing of the caller: the caller can be cancelled
/// and goes on at once, and the process can end. After that the path is not asked again before the
/// question was answered: kUnavailable. Strand: the I/O thread.
base::Task<base::Result<status::DiskState>> disk_space(std::filesystem::path path);

/// The same of the nearest directory above that exists: a directory that the first job makes.
base::Task<base::Result<status::DiskState>> disk_space_above(std::filesystem::path path);

using AskForSpace = std::function<base::Result<status::DiskState>()>;
/// disk_space() with another way to ask. `ask` owns what it uses, and may never return.
base::Task<base::Result<status::DiskState>> ask_for_space(std::string path, AskForSpace ask);

}  // namespace runner::collector
