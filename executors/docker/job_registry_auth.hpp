#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <vector>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"

namespace executors::docker {

/// The credentials of one job, read from all sources when they are first needed, and once only.
///
/// Life: one for each preparation; what it is given outlives it. Strand: the I/O thread; calls may
/// overlap.
class JobRegistryAuth {
  public:
    JobRegistryAuth(const boost::asio::any_io_executor& executor, const JobEnvironment& job,
                    const std::vector<RegistrySettings>& registries, JobLog& log);

    /// The answer lives as long as this object.
    base::Task<base::Result<const RegistryAuth*>> get();
    /// The declared ones.
    [[nodiscard]] const std::vector<RegistrySettings>& registries() const { return registries_; }

  private:
    const JobEnvironment& job_;
    const std::vector<RegistrySettings>& registries_;
    JobLog& log_;
    RegistryAuth auth_;
    bool known_ = false;
    bool busy_ = false;
    base::Notifier changed_;
};

}  // namespace executors::docker
