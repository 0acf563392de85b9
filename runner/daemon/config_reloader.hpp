#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/task.hpp"
#include "runner/daemon/config_watch.hpp"

namespace runner::daemon {

/// Notices that config.toml has changed (runner-protocol.md §6.5).
///
/// Life: open(), then watch() and poll() side by side, until they are cancelled. Strand: the I/O
/// thread. `on_change` reads the file and calls note_read().
class ConfigReloader {
  public:
    ConfigReloader(const boost::asio::any_io_executor& executor, std::filesystem::path path,
                   std::function<void()> on_change);

    /// Starts the watch. Call it before the file is read for the first time, so that a change
    /// during this read is noticed.
    void open();
    /// Remembers the present version of the file as the one that is read. Call it before each read.
    void note_read() { stamp_ = file_stamp(path_); }
    base::Task<void> watch();
    base::Task<void> poll();

  private:
    void look();

    boost::asio::any_io_executor executor_;
    std::filesystem::path path_;
    std::function<void()> on_change_;
    std::optional<ConfigWatch> watch_;
    std::string stamp_;  ///< of the version that was read last
};

}  // namespace runner::daemon
