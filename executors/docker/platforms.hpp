#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <string>

#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/settings.hpp"
#include "executors/job_log.hpp"

namespace executors::docker {

/// What is needed to find out, and to change, which platforms an engine's machine can run.
struct PlatformSearch {
    EngineConnection& engine;
    const DindSettings& dind;
    std::string container;  ///< a running privileged container with the helper
    std::string helper_volume;
    std::map<std::string, std::string> labels;  ///< of what is made on the way
};

/// Tells the job log which platforms builds can have. The first job of an engine asks the machine,
/// and with `platforms = "auto"` registers the interpreters that are missing: from this machine
/// when the engine is local, from the job's image, from `platforms_image`. Later jobs read what the
/// first one found.
base::Task<void> tell_platforms(const boost::asio::any_io_executor& executor, PlatformSearch search,
                                JobLog& log);

}  // namespace executors::docker
