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
/// Life: within one preparation; run() when the job's container was made, because the engine first
/// gives a new volume what the image has in its place. The container may start meanwhile. The
/// result is JobObjects::mirror. Strand: the I/O thread. Failures: kCancelled, and those of
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

    base::Task<base::Result<void>> run();

  private:
    base::Task<base::Result<MirrorAnswer>> copy();
    base::Task<base::Result<MirrorAnswer>> copy_in(std::string name);
    base::Task<base::Result<std::string>> start_container(std::string name);
    /// Nothing is copied for a token that the server does not accept.
    base::Task<base::Result<MirrorAnswer>> prove(std::string container, std::string request);
    void tell(const base::Result<MirrorAnswer>& answer, std::chrono::milliseconds took);
    [[nodiscard]] std::string why_empty() const;

    const PreparationContext& context_;
    std::string image_;
    std::string helper_volume_;
    const ManagedVolume* builds_;
};

}  // namespace executors::docker
