#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/git_mirrors.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

/// Copies what a job's first clone needs from the mirror of its repository into the job's builds
/// volume, and tells the job log. Whatever does not work costs the job nothing but its time: it
/// clones from the server.
///
/// Life: one run() within one preparation, while the job's container is made and starts. The result
/// is JobObjects::mirror. Strand: the I/O thread. Failures: kCancelled, and those of
/// EngineConnection::info().
class MirrorSeed {
  public:
    /// `builds`: the job's volume for its builds, which is new; null for none.
    MirrorSeed(const PreparationContext& context, std::string image, std::string helper_volume,
               const ManagedVolume* builds)
        : context_(context),
          image_(std::move(image)),
          helper_volume_(std::move(helper_volume)),
          builds_(builds) {}

    /// Copies nothing before the job's container was made: the engine gives a new volume what the
    /// image has in its place only while it is empty.
    base::Task<base::Result<void>> run(MadeFlag& made);

  private:
    base::Task<base::Result<MirrorAnswer>> copy(MadeFlag& made);
    base::Task<base::Result<MirrorAnswer>> copy_in(std::string name, MadeFlag& made);
    base::Task<base::Result<std::string>> start_container(std::string name);
    void tell(const base::Result<MirrorAnswer>& answer, std::chrono::milliseconds took);
    [[nodiscard]] std::string why_empty() const;

    const PreparationContext& context_;
    std::string image_;
    std::string helper_volume_;
    const ManagedVolume* builds_;
};

}  // namespace executors::docker
