#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"

namespace executors::custom {

/// One call of a driver's program that the daemon itself runs: config, prepare, cleanup.
///
/// Life: start(), wait(), which may be cancelled or run out of time, then end(), always: the object
/// may be destroyed when end() has returned. Strand: the I/O thread.
class DriverProcess {
  public:
    /// Hears each line of the output, without its end.
    using OnLine = std::function<void(std::string_view)>;

    static base::Result<std::unique_ptr<DriverProcess>> start(
        const boost::asio::any_io_executor& executor, const base::SubprocessOptions& options,
        OnLine on_line);

    /// Returns the exit status as Subprocess::wait(), when the program has ended. Processes that it
    /// left behind may hold its output open; what they print is not waited for.
    base::Task<base::Result<int>> wait();
    /// TERM to the process group; end() follows.
    void ask_to_end();
    /// Ends the process group when wait() has not returned its end: TERM, after `grace` KILL, and
    /// `patience` for the end after that. Returns when nothing is read any more.
    base::Task<base::Result<void>> end(std::chrono::seconds grace, std::chrono::seconds patience);
    /// No line is handed on any more.
    void be_quiet() { on_line_ = nullptr; }

  private:
    DriverProcess(const boost::asio::any_io_executor& executor,
                  std::unique_ptr<base::Subprocess> process, OnLine on_line);
    base::Task<void> read();
    void take(std::string_view bytes);
    void hand_on(std::string_view line);
    base::Task<void> stop_reading();

    std::unique_ptr<base::Subprocess> process_;
    OnLine on_line_;
    std::string partial_;  ///< a line without its end
    bool ended_ = false;
    bool closed_ = false;  ///< the output has ended
    base::Notifier changed_;
    base::TaskGroup group_;
};

}  // namespace executors::custom
