#pragma once

#include "executors/helper/git_mirror.hpp"
#include "executors/helper/git_process.hpp"

namespace executors::helper {

/// git with the login of a request, for the server of that request alone. It trusts the authorities
/// that come with the runner's git and that of the request, not those of the image.
class MirrorServer {
  public:
    /// `silence_seconds`: how long the server may send nothing.
    MirrorServer(const MirrorRequest& request, int silence_seconds, const GitLimits& limits = {});
    [[nodiscard]] const GitProcess& git() const { return git_; }

  private:
    [[nodiscard]] std::vector<GitProcess::Setting> settings(const MirrorRequest& request) const;

    MemoryFile authorities_;
    GitProcess git_;
};

}  // namespace executors::helper
