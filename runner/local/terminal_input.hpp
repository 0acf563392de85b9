#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace runner::local {

/// Reads lines from standard input while everything else goes on. Strand: the I/O thread.
class TerminalInput {
  public:
    explicit TerminalInput(const boost::asio::any_io_executor& executor) : input_(executor) {}

    /// The next line of standard input, "" at its end. kCancelled after cancel().
    base::Task<base::Result<std::string>> read_line();
    /// Ends a read_line() that waits.
    void cancel();

  private:
    boost::asio::posix::stream_descriptor input_;
    std::string read_ahead_;  ///< bytes behind the last line
};

}  // namespace runner::local
