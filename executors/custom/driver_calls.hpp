#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/custom/driver_process.hpp"

namespace executors::custom {

/// A call of one of the driver's programs.
struct DriverCall {
    std::string name;  ///< the key of config.toml: "prepare_exec"
    std::string program;
    std::vector<std::string> arguments;
    std::chrono::seconds limit{0};
    std::vector<std::string> environment{};  ///< NAME=value, over the daemon's own
    std::filesystem::path directory{};       ///< of the driver's files
    std::string output_file{};               ///< for standard output; "": it goes to `on_line`
    DriverProcess::OnLine on_line{};
};

/// Calls the driver's programs, one at a time, and says what their ends mean.
///
/// Life: end() last, and always; the object may be destroyed then. Strand: the I/O thread.
class DriverCalls {
  public:
    /// `grace`: from TERM to KILL. `patience`: how long the end is waited for after KILL.
    DriverCalls(boost::asio::any_io_executor executor, std::chrono::seconds grace,
                std::chrono::seconds patience);

    /// Returns the exit code for the job, as job_exit_code(). Failures: kIo when the program cannot
    /// be started, ends in another way or not in time; kCancelled: it was told to end, and end()
    /// waits for it.
    base::Task<base::Result<int>> run(DriverCall call);
    /// Ends a program that still runs after a cancelled run().
    base::Task<base::Result<void>> end();
    void be_quiet();

  private:
    boost::asio::any_io_executor executor_;
    std::chrono::seconds grace_;
    std::chrono::seconds patience_;
    std::unique_ptr<DriverProcess> process_;
};

}  // namespace executors::custom
