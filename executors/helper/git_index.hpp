#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace executors::helper {

/// What a repository's index says that a checkout would trust. Pure; the format is
/// gitformat-index(5), versions 2 to 4.
struct GitIndex {
    /// False for an index that is damaged, or that hides a file from a checkout: by a flag
    /// (assume-unchanged, skip-worktree), or by an extension that keeps entries or flags elsewhere.
    bool plain = false;
    /// Paths of the submodules.
    std::vector<std::string> submodules;
};

/// `sha256`: the repository's object format.
GitIndex read_git_index(std::string_view bytes, bool sha256);

}  // namespace executors::helper
