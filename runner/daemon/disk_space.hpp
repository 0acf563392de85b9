#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runner/config/config.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// The free space of the file systems of this machine that jobs fill: the state directory and, of
/// shell executors, the directory of builds. A file system is named once; one that cannot be asked
/// is left out.
std::vector<status::DiskState> disk_space(const std::filesystem::path& state_dir,
                                          const config::Config& config);

}  // namespace runner::daemon
