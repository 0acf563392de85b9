#pragma once

#include <vector>

#include "base/notifier.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/preparation_steps.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

class WarmPool;

/// Whether the job's container was made.
class MadeFlag {
  public:
    explicit MadeFlag(const boost::asio::any_io_executor& executor) : changed_(executor) {}
    void set() {
        is_set_ = true;
        changed_.notify_all();
    }
    /// Returns when it is set.
    base::Task<void> wait() {
        while (!is_set_) {
            co_await changed_.wait();
        }
    }

  private:
    base::Notifier changed_;
    bool is_set_ = false;
};

/// What all parts of one preparation share. Everything in it outlives the preparation.
struct PreparationContext {
    EngineConnection& engine;
    const DockerSettings& docker;
    const DindSettings& dind;
    const std::vector<RegistrySettings>& registries;
    const JobEnvironment& job;
    JobLog& log;
    JobObjects& objects;
    PreparationSteps& steps;
    bool held = false;  ///< the environment waits for a job that is not known yet (warm_pool.hpp)
    WarmPool* pool = nullptr;  ///< of such environments; null for none, and when this makes one
    bool revalidates = false;  ///< asks_registry() of the runner's pull policy

    [[nodiscard]] EngineApi& api() const { return engine.api(); }
};

}  // namespace executors::docker
