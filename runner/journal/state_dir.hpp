#pragma once

#include <filesystem>

#include "base/files.hpp"
#include "base/result.hpp"

namespace runner::journal {

/// Where the daemon keeps its journal: $STATE_DIRECTORY (systemd), else /var/lib/runner for the
/// root user's default configuration, else `.runner-state` beside the configuration file.
std::filesystem::path state_directory_for(const std::filesystem::path& config_path);

/// The state directory in use. It is made with mode 0700 and locked, because two daemons with the
/// same journal would resume each other's jobs. The kernel ends the lock with the process.
class StateDir {
  public:
    /// kConflict when another daemon has locked it; the message names its process.
    static base::Result<StateDir> acquire(const std::filesystem::path& path);
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    StateDir(std::filesystem::path path, base::UniqueFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}

    std::filesystem::path path_;
    base::UniqueFd lock_;
};

}  // namespace runner::journal
