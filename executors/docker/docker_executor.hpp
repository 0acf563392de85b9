#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/settings.hpp"
#include "executors/docker/warm_pool.hpp"
#include "executors/executor.hpp"

namespace executors::docker {

/// Runs one job in one container of a Docker engine, with its services beside it.
///
/// There are two ways to run a job, and the job log names the one that is used
/// (docs/architecture.md): an *engine image* is started with its own ENTRYPOINT and command, so
/// that its inner engine runs, and the supervisor is started by exec; any other image gets the
/// supervisor as the command behind its ENTRYPOINT. `connection` is shared by the jobs of one
/// engine; settings are copied. `pool` has environments that are ready ahead; null for none.
/// Failures are those of executors::Executor.
std::unique_ptr<Executor> make_docker_executor(const boost::asio::any_io_executor& executor,
                                               std::shared_ptr<EngineConnection> connection,
                                               const DockerSettings& docker,
                                               const DindSettings& dind,
                                               const std::vector<RegistrySettings>& registries,
                                               std::shared_ptr<WarmPool> pool = nullptr);

/// The names and ids of what a job of the journal has on its engine, by its saved state; none for a
/// state of another executor.
std::set<std::string> things_of(const std::string& saved_state);

/// Removes the containers, networks and volumes that former daemons left: everything with all of
/// `labels`, except what belongs to a job in `live_jobs`, what is named in `live_things`, and
/// volumes that later jobs reuse; and the containers that filled the helper's volume. For the
/// daemon's start. Answers how many things it removed; an error names the things that it could not
/// remove.
base::Task<base::Result<int>> remove_leftovers(std::shared_ptr<EngineConnection> connection,
                                               std::map<std::string, std::string> labels,
                                               std::set<std::int64_t> live_jobs,
                                               std::set<std::string> live_things = {});

/// Removes everything of one job, but for volumes that later jobs reuse: what a daemon has made
/// that was killed in the preparation, which begins anew. `labels`: those of the job.
base::Task<base::Result<void>> remove_leftovers_of_job(EngineApi& api,
                                                       std::map<std::string, std::string> labels);

}  // namespace executors::docker
