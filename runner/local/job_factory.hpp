#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "runner/executor_factory/executor_factory.hpp"
#include "runner/job/job_run.hpp"
#include "runner/trace/mask_set.hpp"

namespace runner::local {

struct JobFactoryOptions {
    std::shared_ptr<const config::Config> config;  ///< keeps `runner` alive
    const config::RunnerConfig* runner = nullptr;  ///< whose executor and settings jobs get
    std::filesystem::path state_dir;  ///< mode 0700; its owner removes it after the last job
};

/// Makes runs of jobs that no server handed out. They are the same job::JobRun as the daemon's: the
/// same executors, supervisor, stages and cleanup.
///
/// Strand: the I/O thread. It outlives its jobs.
class JobFactory {
  public:
    /// Makes the channel of a job whose log must not show `secrets`.
    using ChannelMaker =
        std::function<std::unique_ptr<job::JobChannel>(trace::MaskOptions secrets)>;

    JobFactory(const boost::asio::any_io_executor& executor, JobFactoryOptions options);

    /// A job, ready to run(). kConfiguration for inputs that cannot be expanded; other failures are
    /// those of the executor and of the state directory. The job holds a slot until give_back().
    base::Result<std::unique_ptr<job::JobRun>> make(protocol::gitlab::JobPayload payload,
                                                    const ChannelMaker& make_channel,
                                                    std::unique_ptr<job::Sources> sources);
    void give_back(const job::JobRun& run);

    [[nodiscard]] const config::RunnerConfig& runner() const { return *options_.runner; }

  private:
    boost::asio::any_io_executor executor_;
    JobFactoryOptions options_;
    /// Random for each call, so that two calls do not use the same container names.
    std::string short_token_;
    executor_factory::ExecutorFactory executors_;
    journal::SlotTable slots_;
};

}  // namespace runner::local
