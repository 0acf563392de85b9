#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/builder_volume.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/git_mirrors.hpp"
#include "executors/docker/git_version.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/image_refresh.hpp"
#include "executors/docker/pull_queue.hpp"
#include "executors/docker/runner_volume.hpp"
#include "executors/docker/settings.hpp"

namespace executors::docker {

/// One engine as the daemon knows it: the API client, and what is remembered between jobs.
///
/// Life: made once per engine, before the first job; shared by jobs. Nothing is asked of the engine
/// before the first use. Strand: the I/O thread. `background` runs what no job waits for, and is
/// waited for before the connection ends; null: nothing runs in the background.
class EngineConnection {
  public:
    EngineConnection(const boost::asio::any_io_executor& executor, std::unique_ptr<EngineApi> api,
                     std::string helper_path, PullRetries retries = {},
                     base::TaskGroup* background = nullptr);

    [[nodiscard]] EngineApi& api() { return *api_; }
    /// What running jobs use there. It knows the engine after the first info().
    [[nodiscard]] EngineUsage& usage() { return usage_; }

    /// Ping, version, and the engine's own description; asked once, and again after forget().
    base::Task<base::Result<EngineInfo>> info();
    /// The version that info() has learnt last, "" before.
    [[nodiscard]] const std::string& known_version() const { return info_.server_version; }
    /// The name of the volume that holds runner-helper, filled when the engine did not have it yet.
    /// `image` is any image that is on the engine.
    base::Task<base::Result<std::string>> helper_volume(std::string image);
    /// Puts git into that volume, unless it is there.
    base::Task<base::Result<void>> add_git(std::string image);
    /// The volumes that hold the builder's image for jobs' engines.
    BuilderVolumes& builder_volumes() { return builder_volumes_; }
    /// The mirrors of repositories.
    GitMirrors& git_mirrors() { return git_mirrors_; }
    /// Files that an image contains, looked up once per image id (an id names immutable content).
    std::map<std::string, ImageFiles>& image_files() { return image_files_; }
    /// What the git of an image says, by image id.
    std::map<std::string, GitVersion>& git_versions() { return git_versions_; }
    /// The platforms that containers of this engine can run, as the job log shows them; "" while
    /// they are not known.
    std::string& platforms() { return platforms_; }
    PullQueue& pulls() { return pulls_; }
    ImageRefresh& refresh() { return refresh_; }
    /// runner-helper on this machine.
    [[nodiscard]] const std::string& helper_path() const { return helper_path_; }

    /// The engine was restarted or lost a volume: ask everything again.
    void forget();

  private:
    std::unique_ptr<EngineApi> api_;
    std::string helper_path_;
    RunnerVolume volume_;
    EngineUsage usage_;
    PullQueue pulls_;
    ImageRefresh refresh_;
    BuilderVolumes builder_volumes_;
    GitMirrors git_mirrors_;
    bool info_known_ = false;
    EngineInfo info_;
    std::map<std::string, ImageFiles> image_files_;
    std::map<std::string, GitVersion> git_versions_;
    std::string platforms_;
};

/// For the engine that `settings`, then DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name,
/// else the default socket. `helper_path`: the static runner-helper; "" for the one that
/// find_helper() finds. `background`: see EngineConnection. kConfiguration for an address that
/// cannot be used.
base::Result<std::shared_ptr<EngineConnection>> make_engine_connection(
    const boost::asio::any_io_executor& executor, const DockerSettings& settings,
    std::string helper_path = "", base::TaskGroup* background = nullptr);

/// What settings have in common that use one engine in the same way: the key of its connection.
std::string engine_key(const DockerSettings& settings);

}  // namespace executors::docker
