#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/git_version.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/preparation_context.hpp"

namespace executors::docker {

/// Decides which git the runner's own scripts use in a job's container, that of the image or that
/// of the runner, and brings the runner's. A job that needs no git costs nothing.
///
/// Life: within one preparation; before_start() when the container was made, after_start() when it
/// runs. The decision is JobObjects::git_directory. Strand: the I/O thread. Failures: those of
/// RunnerVolume.
class JobGit {
  public:
    JobGit(const PreparationContext& context, const ImageInfo& image)
        : context_(context), image_(image) {}

    /// Brings git when the configuration wants the runner's, or the image has none.
    base::Task<base::Result<void>> before_start();
    /// Brings git when that of the image is too old, does not work or has no git-lfs; asked of each
    /// image once.
    base::Task<base::Result<void>> after_start();

  private:
    base::Task<base::Result<void>> bring(std::string reason);
    /// For an image whose git has no git-lfs. Without an archive of git, get_sources warns.
    base::Task<base::Result<void>> bring_lfs();
    /// git starts /bin/sh for credentials and submodules: an image that has its shell elsewhere
    /// gets a link.
    base::Task<base::Result<void>> link_shell();
    /// nullopt when the container has ended.
    base::Task<base::Result<std::optional<GitVersion>>> version();

    const PreparationContext& context_;
    const ImageInfo& image_;
};

}  // namespace executors::docker
