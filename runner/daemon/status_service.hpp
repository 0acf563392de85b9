#pragma once

#include <boost/asio/any_io_executor.hpp>
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
    std::vector<const status::JobState*> jobs;
    const char* process_state = "starting";
    std::string system_id;
    std::vector<status::DiskState> disks;
    PauseSet pauses;
};

/// Serves the daemon's state and what `recorder` has counted: /health/live, /health/ready,
/// /status.json, /metrics and the debug pages (runner-protocol.md §8).
///
/// Life: listen() at most once, observe(), serve() in the daemon's group until stop(). `recorder`
/// outlives it. Strand: the I/O thread.
class StatusService {
  public:
    StatusService(const boost::asio::any_io_executor& executor, const MetricsRecorder& recorder);
    ~StatusService();
    StatusService(const StatusService&) = delete;
    StatusService& operator=(const StatusService&) = delete;

    /// "host:port", ":port" or "host" (port 9252 then).
    base::Result<void> listen(const std::string& address);
    void observe(std::function<StatusSnapshot()> snapshot);
    /// The pages, for a caller that need not be checked (the control socket).
    base::Task<protocol::http::Response> page(protocol::http::Request request);
    base::Task<void> serve();
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::daemon
