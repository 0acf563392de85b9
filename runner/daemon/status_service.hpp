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
#include "protocol/gitlab/client.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/job/job_run.hpp"
#include "runner/script/inputs.hpp"
#include "runner/status/metrics.hpp"

namespace runner::daemon {

/// The state of the daemon. The pointers are valid during the call that returned the snapshot.
struct StatusSnapshot {
    const config::Config* config = nullptr;
    const std::vector<std::shared_ptr<RunnerEntry>>* entries = nullptr;
    std::vector<const job::JobRun*> jobs;
    const char* process_state = "starting";
    std::string system_id;
    bool draining = false;
    std::vector<status::EngineState> engines;
};

/// Counts what happens, remembers the jobs that have ended, and serves the pages of docs/status.md.
///
/// Life: keep_history(), listen() at most once, observe(), serve() in the daemon's group until
/// stop(). Strand: the I/O thread.
class StatusService {
  public:
    explicit StatusService(const boost::asio::any_io_executor& executor);
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
    base::Task<void> serve();
    void stop();

    [[nodiscard]] status::Metrics& metrics();
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
