#pragma once

#include <string>

/// The repository that a former job left in the project, made safe for git of the next job. Git
/// would run programs and follow paths that a repository names. Throw Failure.
///
/// Objects, refs and the list of files are kept, so that a fetch brings only what is new. They are
/// not verified: a job that must not trust former jobs of its slot uses GIT_STRATEGY=clone.
namespace executors::helper {

struct GitDirectoryRules {
    /// clean_git_config = false: configuration, hooks and attributes stay.
    bool keep_config = false;
    bool sha256 = false;  ///< the project's object format
};

/// Cleans `.git` in `project`: removes what is no directory in its place, locks, configuration,
/// hooks, attributes, alternates, replacements, worktrees, states of a merge or rebase, and all
/// that is neither file nor directory; in the repositories of submodules too. A repository that is
/// not whole is removed, and so is an index that would hide changed files from a checkout.
void clean_git_directory(const std::string& project, const GitDirectoryRules& rules);

/// After the checkout: empties each submodule whose `.git` is not the file that git writes, which
/// leads to a repository below the project's own .git/modules.
void clean_submodules(const std::string& project, bool sha256);

/// Empties all submodules, and removes the repositories of submodules.
void forget_submodules(const std::string& project, bool sha256);

}  // namespace executors::helper
