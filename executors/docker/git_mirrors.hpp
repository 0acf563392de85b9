#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/runner_volume.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// Mirrors of repositories on an engine: a volume for each runner, machine, project and address,
/// from which the first clone in a new slot takes its objects (executors/helper/git_mirror.hpp).
///
/// No container of a job has the volume. A short container of the runner has it, asks the server
/// with the job's token, and copies from the volume into the job's builds volume only after that.
/// Another one fills it beside a job.
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

/// A container of a mirror, which waits for commands and ends by itself.
struct MirrorContainer {
    std::string name;
    std::string image;
    std::string helper_volume;
    std::string mirror_bind;  ///< "volume:/.runner-mirror[:ro]"
    std::string builds_bind;  ///< "volume:/.runner-builds:nocopy", "" for none
    std::map<std::string, std::string> labels;
    std::chrono::seconds limit{0};
};

/// The body of the engine's request. It has the network of the configuration, never that of a job:
/// there, a service of the job could answer in the server's place. Pure.
std::string mirror_container_body(const MirrorContainer& container, const DockerSettings& docker);
/// One line of JSON for the helper's standard input. Pure.
std::string mirror_request(const GitMirrorSource& source, bool renew);

struct MirrorAnswer {
    std::string state;
    std::uint64_t bytes = 0;
};
/// kProtocol for a text that is no answer of the helper. Pure.
base::Result<MirrorAnswer> parse_mirror_answer(std::string_view text);

/// Runs `runner-helper mirror ACTION` in a container that runs.
base::Task<base::Result<MirrorAnswer>> run_mirror_helper(EngineApi& api, std::string container,
                                                         std::vector<std::string> action,
                                                         std::string request);

/// Fills the mirrors of one engine beside the jobs.
///
/// Life: that of the engine's connection; the constructor's arguments outlive it. Strand: the I/O
/// thread. A filling that fails is logged, and tried again by a job ten minutes later or more.
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
               base::TaskGroup* background)
        : api_(api), programs_(programs), usage_(usage), background_(background) {}

    /// Does nothing while a mirror is filled, and for one that was filled a moment ago.
    void fill_later(Filling filling);
    /// Ends a filling: what it made on the engine is removed while the background's tasks end.
    void stop() { stop_.request(base::StopReason::kShutdown); }

  private:
    base::Task<void> fill_and_report(Filling filling);
    /// Removes its container, however it ends.
    base::Task<base::Result<void>> fill(Filling filling);
    base::Task<base::Result<MirrorAnswer>> start_and_fill(std::string container, Filling filling);

    EngineApi& api_;
    RunnerVolume& programs_;
    EngineUsage& usage_;
    base::TaskGroup* background_;
    base::StopSource stop_;
    bool busy_ = false;
    /// When a mirror was last filled, or not, by volume.
    std::map<std::string, std::chrono::steady_clock::time_point> tried_;
};

}  // namespace executors::docker
