#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/stream.hpp"

namespace executors::shell {

/// The supervisor of a job on the daemon's own machine: a background process with a private
/// directory, which outlives the daemon.
///
/// Life: use_directory() first; start(), or nothing when a former daemon has started it; connect()
/// as often as the connection is lost; halt() and remove() last. Strand: the I/O thread.
class HostSupervisor {
  public:
    /// `helper`: the runner-helper to use, "" for the one that find_helper() finds.
    HostSupervisor(boost::asio::any_io_executor executor, std::string helper);

    void use_directory(std::filesystem::path directory);
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

    /// `environment`: that of the supervisor and its scripts, as KEY=VALUE; nullopt for the
    /// daemon's own.
    base::Task<base::Result<void>> start(
        std::int64_t job_id, std::optional<std::vector<std::string>> environment = std::nullopt);
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> connect();
    /// Ends the job's processes and the supervisor: everything it ever started, found by descent,
    /// by a control group where the system permits one, and by a variable in their environment when
    /// the supervisor itself was killed. Does nothing when they were ended before.
    base::Task<base::Result<void>> halt(std::chrono::seconds limit);
    /// Removes the directory. A second call does nothing.
    base::Task<base::Result<void>> remove();

  private:
    boost::asio::any_io_executor executor_;
    std::string helper_;
    std::filesystem::path directory_;
    bool halted_ = false;  ///< no process of the job is left
};

}  // namespace executors::shell
