#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/task_group.hpp"
#include "executors/docker/background_filling.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/mirror_container.hpp"
#include "executors/docker/runner_volume.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// Mirrors of repositories on an engine: a volume for each runner, machine, project and address,
/// from which the first clone in a new slot takes its objects (executors/helper/git_mirror.hpp).
///
/// No container of a job has the volume. A container of the runner has it, asks the server with the
/// job's token, and gives the job's builds volume a copy only after that. Another one fills it
/// beside a job.
namespace executors::docker {

/// What a job has of a mirror; part of JobObjects.
struct JobMirror {
    std::string volume;        ///< "" where no mirror applies
    std::string image;         ///< id of the job's image, in which containers of the mirror run
    std::string architecture;  ///< of the engine
    std::string seed;          ///< directory with what was copied, "" for nothing
    std::uint64_t seed_bytes = 0;
};

enum class MirrorFilling { kNone, kUpdate, kRenew };

/// Whether a clone shows that the mirror is to be filled. Pure.
MirrorFilling filling_after(GitMirrorMode mode, const GitClone& clone, std::uint64_t seed_bytes);

/// Fills the mirrors of one engine beside the jobs.
///
/// Life: that of the engine's connection; the constructor's arguments outlive it. Strand: the I/O
/// thread. When a filling that failed is tried again: FillingPauses.
class GitMirrors {
  public:
    struct Filling {
        GitMirrorSource source;
        DockerSettings docker;
        std::string image;                          ///< id; it is on the engine
        std::string architecture;                   ///< of the engine
        std::map<std::string, std::string> labels;  ///< of the job
        bool renew = false;
    };

    /// `background`: see EngineConnection.
    GitMirrors(EngineApi& api, RunnerVolume& programs, EngineUsage& usage,
               base::TaskGroup* background);

    void fill_later(Filling filling);
    /// A container that was to copy from a mirror: its job does not wait for the end of it.
    void remove_later(std::string container);
    BackgroundFilling& background() { return background_; }

    /// A server that did not answer a job in time costs the next jobs of the repository no time.
    void note_silent_server(const std::string& volume);
    [[nodiscard]] bool was_server_silent(const std::string& volume) const;

  private:
    EngineApi& api_;
    RunnerVolume& programs_;
    EngineUsage& usage_;
    base::TaskGroup* group_;
    BackgroundFilling background_;
    /// Until when the server is not asked, by volume.
    std::map<std::string, std::chrono::steady_clock::time_point> silent_;
};

}  // namespace executors::docker
