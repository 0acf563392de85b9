#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <vector>

#include "base/notifier.hpp"
#include "base/task.hpp"
#include "runner/config/config.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// Where this machine's disk can run full: the state directory, and the builds directories of
/// runners whose jobs share the machine. `path` is set, and the figures are not.
std::vector<status::DiskState> watched_directories(const config::Config& config,
                                                   const std::filesystem::path& state_dir);

/// Asks the file systems of directories for their free space, on another thread: a network's file
/// system may take long to answer. It asks only while somebody wants to know, at most every 15 s.
///
/// Life: run() in the daemon's group until it is cancelled. Strand: the I/O thread.
class DiskWatch {
  public:
    explicit DiskWatch(const boost::asio::any_io_executor& executor) : changed_(executor) {}

    /// Keeps the figures of directories that were watched before.
    void watch(std::vector<status::DiskState> directories);
    base::Task<void> run();
    /// The figures of the last measurement; asks for the next one.
    const std::vector<status::DiskState>& states();

  private:
    void update(const std::vector<status::DiskState>& figures);

    std::vector<status::DiskState> states_;
    bool asked_ = false;
    base::Notifier changed_;
};

}  // namespace runner::daemon
