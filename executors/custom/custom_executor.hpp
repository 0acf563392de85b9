#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "executors/custom/settings.hpp"
#include "executors/executor.hpp"

namespace executors::custom {

/// Runs a job through the programs of an administrator's driver
/// (https://docs.gitlab.com/runner/executors/custom/).
///
/// prepare() calls config_exec and prepare_exec, cleanup() calls cleanup_exec, whatever happened
/// before. run_exec is called once for each script, by a supervisor on the daemon's machine
/// (EnvironmentInfo::driver), so that a script outlives the daemon. The driver's files lie in the
/// directory `driver` below the job's state directory. `helper_path` is as in
/// make_shell_executor().
std::unique_ptr<Executor> make_custom_executor(const boost::asio::any_io_executor& executor,
                                               const CustomSettings& settings,
                                               std::string helper_path = {});

}  // namespace executors::custom
