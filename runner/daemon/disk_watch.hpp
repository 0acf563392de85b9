#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <vector>

#include "base/task.hpp"
#include "runner/config/config.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// Where this machine's disk can run full: the state directory, and the builds directories of
/// runners whose jobs share the machine. `path` is set, and the figures are not.
std::vector<status::DiskState> watched_directories(const config::Config& config,
                                                   const std::filesystem::path& state_dir);

/// Asks the file systems of directories for their free space, every few seconds and on another
/// thread: a network's file system may take long to answer.
///
/// Life: run() in the daemon's group until it is cancelled. Strand: the I/O thread.
class DiskWatch {
  public:
    /// Keeps the figures of directories that were watched before.
    void watch(std::vector<status::DiskState> directories);
    base::Task<void> run();
    /// The figures of the last measurement, at most 15 s old unless a file system does not
    /// answer.
    [[nodiscard]] const std::vector<status::DiskState>& states() const { return states_; }

  private:
    void update(const std::vector<status::DiskState>& figures);

    std::vector<status::DiskState> states_;
};

}  // namespace runner::daemon
