#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// The engine whose machine is asked which platforms it can run, and the means to register
/// interpreters for more platforms.
struct PlatformSearch {
    EngineConnection& engine;
    const DindSettings& dind;
    const std::vector<RegistrySettings>& registries;
    std::string container;  ///< a running privileged container with the helper
    std::string helper_volume;
    std::map<std::string, std::string> labels;  ///< for the containers that are made
};

/// Tells the job log for which platforms images can be built. The first job of an engine asks the
/// machine, and with `platforms = "auto"` registers the interpreters that are missing: from this
/// machine when the engine is local, from the job's image, from `platforms_image`. Later jobs get
/// the answer of the first one. A failure is a warning; only kCancelled is answered.
base::Task<base::Result<void>> report_platforms(const boost::asio::any_io_executor& executor,
                                                PlatformSearch search, JobLog& log);

}  // namespace executors::docker
