#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "executors/helper/git_mirror.hpp"
#include "executors/helper/mirror_volume.hpp"

namespace executors::helper {

/// A copy of what a clone needs (seed_mirror()). What prepare() copies has no name, so that no
/// other program finds it; a file system that has no such files gets its copy by publish().
class MirrorCopy {
  public:
    /// `request` outlives the copy.
    MirrorCopy(const MirrorRequest& request, MirrorPlaces places);
    /// "done", "busy" or "empty", as MirrorAnswer::state. Throws Failure.
    std::string prepare();
    /// After "done": the target appears when it is complete. Returns the size of the packs. Throws
    /// Failure, and nothing stays then.
    std::uint64_t publish();

  private:
    struct PackFile {
        std::string name;
        UniqueFd copy;  ///< without a name; none where the file system has no such files
    };
    void copy_packs();
    std::uint64_t fill(int into);

    const MirrorRequest& request_;
    MirrorPlaces places_;
    std::optional<MirrorLock> lock_;
    std::string source_;  ///< the repository that is copied
    UniqueFd parent_;     ///< the directory in which the target appears
    std::vector<PackFile> packs_;
    std::string refs_;
    std::optional<std::string> shallow_;
};

}  // namespace executors::helper
