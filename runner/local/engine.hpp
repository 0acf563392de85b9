#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "runner/executor_factory/executor_factory.hpp"
#include "runner/job/job_run.hpp"
#include "runner/trace/mask_set.hpp"

namespace runner::local {

struct EngineOptions {
    std::shared_ptr<const config::Config> config;  ///< keeps `runner` alive
    const config::RunnerConfig* runner = nullptr;
    std::filesystem::path state_dir;  ///< private; its owner removes it behind the last job
};

/// The production engine for jobs that no server handed out: executor, supervisor, stages, cleanup.
/// Strand: the I/O thread. It outlives its jobs.
class Engine {
  public:
    Engine(const boost::asio::any_io_executor& executor, EngineOptions options);

    /// A job, ready to run(). give_back() its slot when it has ended.
    base::Result<std::unique_ptr<job::JobRun>> make(protocol::gitlab::JobPayload payload,
                                                    std::unique_ptr<job::JobChannel> channel,
                                                    std::unique_ptr<job::Sources> sources);
    void give_back(const job::JobRun& run);

    /// What must not be seen in the job's log.
    [[nodiscard]] trace::MaskOptions masks(const protocol::gitlab::JobPayload& payload) const;
    [[nodiscard]] const config::RunnerConfig& runner() const { return *options_.runner; }

  private:
    boost::asio::any_io_executor executor_;
    EngineOptions options_;
    std::string
        short_token_;  ///< of this call alone: names on the engine do not meet those of another
    executor_factory::ExecutorFactory executors_;
    journal::SlotTable slots_;
};

}  // namespace runner::local
