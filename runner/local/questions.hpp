#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace runner::local {

/// Lines that a person types, read without stopping the rest. Strand: the I/O thread.
class Questions {
  public:
    explicit Questions(const boost::asio::any_io_executor& executor) : input_(executor) {}

    /// The next line of standard input, "" at its end. kCancelled after cancel().
    base::Task<base::Result<std::string>> read_line();
    void cancel();

  private:
    boost::asio::posix::stream_descriptor input_;
    std::string read_ahead_;
};

}  // namespace runner::local
