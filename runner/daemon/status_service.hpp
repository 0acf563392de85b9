#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/gitlab/client.hpp"
#include "protocol/http/message.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/pauses.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/job/job_run.hpp"
#include "runner/script/inputs.hpp"
#include "runner/status/metrics.hpp"

namespace runner::daemon {

/// The state of the daemon. The pointers are valid during the call that returned the snapshot.
struct StatusSnapshot {
    const config::Config* config = nullptr;
    const std::vector<std::shared_ptr<RunnerEntry>>* entries = nullptr;
    std::vector<const status::JobState*> jobs;
    const char* process_state = "starting";
    std::string system_id;
    PauseSet pauses;
};

/// Counts what happens and serves it: /health/live, /health/ready, /status.json, /metrics and the
/// debug pages (runner-protocol.md §8).
///
/// Life: listen() at most once, observe(), serve() in the daemon's group until stop(). Strand: the
/// I/O thread.
class StatusService {
  public:
    explicit StatusService(const boost::asio::any_io_executor& executor);
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

    void on_configuration(bool loaded);
    void on_configuration_saved(bool saved);
    void on_places(int concurrent);
    void on_feed(const RunnerEntry& entry, status::Feed feed);
    void on_job_refused(const RunnerEntry& entry);
    void on_inputs(const script::InputsExpansion& expansion);
    void on_call(const config::RunnerConfig& runner, const protocol::gitlab::CallRecord& call);
    void on_job_request(const RunnerEntry& entry, const protocol::gitlab::JobRequestAnswer& answer);
    void on_job_start(const job::JobRun& run);
    void on_job_end(const job::JobRun& run);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::daemon
