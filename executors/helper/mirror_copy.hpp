#pragma once

#include <cstdint>
#include <future>
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
    using Proof = std::shared_future<MirrorAnswer>;

    /// `request` outlives the copy. `proof`: of prove_mirror().
    MirrorCopy(const MirrorRequest& request, MirrorPlaces places, Proof proof);
    /// "done", "busy" or "empty", as MirrorAnswer::state. Throws Failure, also as soon as the proof
    /// has failed.
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
    void copy_content(int from_directory, const std::string& name, int into) const;
    std::uint64_t fill(int into);

    const MirrorRequest& request_;
    MirrorPlaces places_;
    Proof proof_;
    std::optional<MirrorLock> lock_;
    std::string source_;  ///< the repository that is copied
    UniqueFd parent_;     ///< the directory in which the target appears
    std::vector<PackFile> packs_;
    std::string refs_;
    std::optional<std::string> shallow_;
};

}  // namespace executors::helper
