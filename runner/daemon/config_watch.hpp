#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace runner::daemon {

/// What tells one version of a file from another: its inode, size and time of change; "" when there
/// is none.
std::string file_stamp(const std::filesystem::path& file);

/// Tells when a file was written or replaced: inotify on its directory, because editors rename.
///
/// Life: open() once, then next_change() in a loop. Strand: the I/O thread.
class ConfigWatch {
  public:
    static base::Result<ConfigWatch> open(const boost::asio::any_io_executor& executor,
                                          const std::filesystem::path& file);
    /// Returns when the file has changed; several changes in a row are one. kCancelled when
    /// stopped.
    base::Task<base::Result<void>> next_change();

  private:
    ConfigWatch(boost::asio::posix::stream_descriptor descriptor, std::string name)
        : descriptor_(std::move(descriptor)), name_(std::move(name)) {}
    bool concerns_us(const char* events, std::size_t size) const;

    boost::asio::posix::stream_descriptor descriptor_;
    std::string name_;
};

}  // namespace runner::daemon
