#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "runner/commands/work_tree.hpp"
#include "runner/pipeline/rules/repository.hpp"

namespace runner::commands {

/// What rules ask about files and changes. Git is asked when a rule does, and once.
///
/// Life: outlives all copies of repository(). Every call blocks.
class RepositoryFacts {
  public:
    /// What the changed paths are those of.
    enum class ChangesOf { kNothing, kPush, kMergeRequest };

    /// `tree` is nullptr outside of git; `root` is the top directory of the files.
    RepositoryFacts(WorkTree* tree, std::filesystem::path root)
        : tree_(tree), root_(std::move(root)) {}
    RepositoryFacts(const RepositoryFacts&) = delete;
    RepositoryFacts& operator=(const RepositoryFacts&) = delete;

    /// Sets the target branch of a merge request; returns the commit at which it branched off.
    std::string branched_off(const std::string& target);
    void use_changes_of(ChangesOf what);
    /// Paths that the user has named.
    void use_changes(pipeline::rules::Paths paths);

    /// Without `project_files`.
    pipeline::rules::Repository repository();
    /// Where the changed paths are from: "3 changed paths since origin/main".
    [[nodiscard]] std::string changes_text() const;

  private:
    pipeline::rules::Paths files() const;
    pipeline::rules::Difference difference(const std::string& ref);

    WorkTree* tree_;
    std::filesystem::path root_;
    WorkTree::Base target_;  ///< of a merge request
    pipeline::rules::Lazy<std::optional<Changes>> changes_;
    std::map<std::string, pipeline::rules::Difference> differences_;  ///< by the ref of compare_to
};

}  // namespace runner::commands
