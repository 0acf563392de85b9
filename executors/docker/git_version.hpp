#pragma once

#include <string>
#include <string_view>

namespace executors::docker {

/// What `git --version` of an image says.
struct GitVersion {
    int major = 0;
    int minor = 0;
    std::string text;      ///< "2.39.5"; "" for a git that does not say its version
    bool has_lfs = false;  ///< git-lfs is beside it; not in the output

    /// Whether the scripts of get_sources can use it: submodules get the job's credentials by
    /// GIT_CONFIG_COUNT, which is new in 2.31.
    [[nodiscard]] bool is_new_enough() const;
};

/// Pure. `output`: "git version 2.39.5".
GitVersion parse_git_version(std::string_view output);

}  // namespace executors::docker
