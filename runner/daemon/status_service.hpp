#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/metrics_recorder.hpp"
#include "runner/daemon/pauses.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// The state of the daemon. The pointers are valid during the call that returned the snapshot.
struct StatusSnapshot {
    const config::Config* config = nullptr;
    const std::vector<std::shared_ptr<RunnerEntry>>* entries = nullptr;
    std::vector<const job::JobRun*> jobs;
    const char* process_state = "starting";
    std::string system_id;
    std::vector<status::DiskState> disks;
    /// DiskKeeper::problem_of().
    std::function<std::string(const config::RunnerConfig&)> disk_problem_of;
    PauseSet pauses;
    status::ConfigProblem config_problem;
    std::vector<status::EngineState> engines;
    status::WarmFigures warm;
};

/// Remembers the jobs that have ended, and serves them, the daemon's state and what `recorder` has
/// counted: the pages of docs/status.md.
///
/// Life: keep_history(), listen() at most once, observe(), start(), and stop() awaited to its end
/// before the destructor. `recorder` outlives it. Strand: the I/O thread.
class StatusService {
  public:
    StatusService(const boost::asio::any_io_executor& executor, const MetricsRecorder& recorder);
    ~StatusService();
    StatusService(const StatusService&) = delete;
    StatusService& operator=(const StatusService&) = delete;

    /// Remembers as many jobs, in a file of the state directory.
    void keep_history(const std::filesystem::path& state_dir, std::size_t jobs);
    /// "host:port", ":port" or "host" (port 9252 then). kInvalidInput and kIo for a token that
    /// cannot be read.
    base::Result<void> listen(const std::string& address, const config::StatusSettings& settings);
    void observe(std::function<StatusSnapshot()> snapshot);
    /// A page for a caller that need not be checked.
    base::Task<protocol::http::Response> page(protocol::http::Request request);
    void start();
    /// Returns when no connection is left.
    base::Task<void> stop();

    /// Keeps a job that has ended in the history.
    void remember(const job::JobRun& run);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::daemon
