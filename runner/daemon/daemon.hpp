#pragma once

#include <boost/asio/signal_set.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "runner/collector/usage_record.hpp"
#include "runner/daemon/config_reloader.hpp"
#include "runner/daemon/control_service.hpp"
#include "runner/daemon/disk_keeper.hpp"
#include "runner/daemon/job_host.hpp"
#include "runner/daemon/job_poller.hpp"
#include "runner/daemon/kept_tokens.hpp"
#include "runner/daemon/metrics_recorder.hpp"
#include "runner/daemon/run_limits.hpp"
#include "runner/daemon/session_service.hpp"
#include "runner/daemon/shutdown_sequence.hpp"
#include "runner/daemon/status_service.hpp"
#include "runner/daemon/token_rotation.hpp"
#include "runner/daemon/warm_service.hpp"
#include "runner/executor_factory/executor_factory.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::daemon {

struct DaemonOptions {
    std::filesystem::path config_path;
    std::string listen_address;  ///< wins over the configuration's, "" for that one
    std::string shell_user;      ///< that shell jobs run as, "" for the daemon's own
    /// Sets the log up for a configuration; what the command line asked for wins over it. May be
    /// empty.
    std::function<base::Result<void>(const config::Config&)> configure_log;
    /// Is used instead of the file, which is not read then, and its tokens are not rotated
    /// (`run-single`). Null for the file.
    std::shared_ptr<const config::Config> fixed_config;
    std::filesystem::path state_dir;  ///< "" for that of the configuration
    EndAfter end_after;
};

/// The long-running program: configuration, runners, jobs, signals, status endpoint.
///
/// Life: open(), then run() once. Strand: the I/O thread. run() answers the process's exit code: 0
/// after a completed stop, 1 when the time for it ran out or a second signal came.
class Daemon {
  public:
    Daemon(const boost::asio::any_io_executor& executor, DaemonOptions options);

    /// Everything that can be wrong before the first job: configuration, state directory, address.
    base::Result<void> open();
    base::Task<int> run();

  private:
    base::Result<void> load();
    base::Result<config::Config> read_config();
    void apply(std::shared_ptr<const config::Config> config);
    void reload();
    void take_up_former_jobs();
    void rest_when_idle();
    void make_parts();
    void make_jobs();
    void make_poller();
    void start_control();
    DiskKeeper::Host disk_host();
    base::Task<void> wind_down();
    std::shared_ptr<RunnerEntry> entry_for(const journal::JobRecord& record) const;
    StatusSnapshot snapshot();

    boost::asio::any_io_executor executor_;
    DaemonOptions options_;
    // Both from the beginning on: what comes while the first configuration is read waits for run().
    boost::asio::signal_set signals_;
    ConfigReloader reloader_;
    std::shared_ptr<const config::Config> config_;
    std::optional<journal::StateDir> state_dir_;
    std::optional<KeptTokens> kept_tokens_;
    std::string system_id_;
    std::shared_ptr<const journal::AdoptedVolumes> adopted_volumes_;
    status::ConfigProblem config_problem_;
    bool rested_ = false;  ///< nothing but polling since memory was given back
    MetricsRecorder recorder_;
    StatusService status_;
    SessionService sessions_;
    executor_factory::ExecutorFactory executors_;
    std::shared_ptr<collector::UsageRecord> uses_;
    DiskKeeper disks_;
    EntryBuilder builder_;
    WarmService warm_;
    std::vector<std::shared_ptr<RunnerEntry>> entries_;
    std::unique_ptr<JobHost> jobs_;
    std::unique_ptr<JobPoller> poller_;
    std::unique_ptr<TokenRotation> rotation_;
    std::unique_ptr<ShutdownSequence> shutdown_;
    ControlService control_;
    RunLimits limits_;
    base::TaskGroup services_;
};

}  // namespace runner::daemon
