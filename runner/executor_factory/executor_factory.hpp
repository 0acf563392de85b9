#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "executors/docker/docker_executor.hpp"
#include "executors/executor.hpp"
#include "runner/config/config.hpp"

namespace runner::executor_factory {

/// Makes executors: the one place that names the concrete ones. Jobs of one Docker engine share a
/// connection to it, made at the first job. Strand: the I/O thread.
class ExecutorFactory {
  public:
    /// `shell_user`: as ShellOptions::user. `background` runs what no job waits for, and is waited
    /// for before the factory ends; null: nothing runs in the background.
    explicit ExecutorFactory(boost::asio::any_io_executor executor, std::string shell_user = {},
                             base::TaskGroup* background = nullptr)
        : executor_(std::move(executor)),
          shell_user_(std::move(shell_user)),
          background_(background) {}

    base::Result<std::unique_ptr<executors::Executor>> make(const config::RunnerConfig& runner);
    /// Ends the work in the background.
    void stop();
    /// `log` hears what jobs use on engines. Before the first call of the others.
    void record_uses(std::shared_ptr<executors::docker::UsageLog> log) { uses_ = std::move(log); }
    /// The connection to the engine of a runner whose executor has one.
    base::Result<std::shared_ptr<executors::docker::EngineConnection>> engine(
        const config::RunnerConfig& runner) {
        return engine_of(runner.docker);
    }
    /// Jobs of a former daemon that go on.
    struct LiveJobs {
        std::set<std::int64_t> ids;
        std::vector<std::string> saved_states;  ///< Executor::saved_state() of those that have one
    };
    /// Is told how many things of a runner were removed.
    using OnRemoved = std::function<void(const config::RunnerConfig&, int)>;
    /// Removes what jobs of this machine's runners left on the engines and nobody carries on. An
    /// engine that does not answer is logged; its turn comes with the next start.
    base::Task<void> remove_leftovers(std::shared_ptr<const config::Config> config,
                                      std::string system_id, LiveJobs live, OnRemoved on_removed);
    /// The volumes that runners of this kind have made on the entry's engine: labels by name.
    base::Task<base::Result<std::map<std::string, std::map<std::string, std::string>>>>
    managed_volumes(const config::RunnerConfig& runner);

    /// The engines that were used since the start.
    struct UsedEngine {
        std::string host;     ///< as it is configured
        std::string version;  ///< "" when it has not answered yet
    };
    [[nodiscard]] std::vector<UsedEngine> used_engines() const;

    /// `pressure`: why no more of a disk may be used for what no job waits for (volumes that are
    /// filled beside jobs), "" for no reason. It is asked before each filling.
    void set_disk_pressure(std::function<std::string()> pressure);
    /// From now on the executors know the pool of environments that are made ahead. `pressure`: as
    /// WarmPool::Surroundings::pressure.
    void open_pool(std::function<std::string()> pressure);
    /// `paused`: whether the runner of this name takes no jobs. Does nothing before open_pool().
    void configure_pool(const config::Config& config,
                        const std::function<bool(const std::string&)>& paused);
    /// Null before open_pool(). To be started after remove_leftovers(), which would remove
    /// environments.
    [[nodiscard]] executors::docker::WarmPool* pool() const { return pool_.get(); }

  private:
    using Connection = std::shared_ptr<executors::docker::EngineConnection>;
    base::Result<Connection> engine_of(const executors::docker::DockerSettings& settings);
    void pass_disk_pressure(executors::docker::EngineConnection& engine) const;

    boost::asio::any_io_executor executor_;
    std::string shell_user_;
    base::TaskGroup* background_;
    std::shared_ptr<executors::docker::UsageLog> uses_;
    std::shared_ptr<executors::docker::EngineUsage::ByEngine> uses_by_engine_ =
        std::make_shared<executors::docker::EngineUsage::ByEngine>();
    std::map<std::string, Connection> engines_;
    std::function<std::string()> disk_pressure_ = [] { return std::string(); };
    std::shared_ptr<executors::docker::WarmPool> pool_;
};

}  // namespace runner::executor_factory
