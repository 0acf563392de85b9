#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/commands/git_program.hpp"
#include "runner/pipeline/rules/repository.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::commands {

/// Paths that differ from a commit.
struct Changes {
    pipeline::rules::Paths paths;
    std::string base_sha;
    std::string since;  ///< the commit's name in messages: "origin/main", "the commit before"
};

/// The refs that tell what a pipeline is for.
struct KnownRefs {
    std::string default_branch;
    std::string upstream;  ///< the commit id of origin's branch of the pipeline's ref; "": none
};

/// A git work tree on this machine, read through the git program. It is read as the commit that the
/// user is about to make: changed and new files count, ignored ones do not. After look_at() with
/// another ref, it is the commit of that ref.
///
/// Every call blocks. Failures have git's message and the command.
class WorkTree {
  public:
    /// nullptr when `directory` is in no work tree; a failure when git is missing or refuses.
    static base::Result<std::unique_ptr<WorkTree>> open(BlockingCalls& calls,
                                                        const std::filesystem::path& directory);

    [[nodiscard]] const std::filesystem::path& top() const { return top_; }

    /// Sets the ref of the pipeline; "" is the one that is checked out. A ref that does not exist
    /// here keeps its name and stands for HEAD.
    void look_at(const std::string& ref, bool tag);
    /// False when look_at() was given a name that is no branch, tag or commit.
    [[nodiscard]] bool knows_ref() const { return known_; }
    /// From now on uncommitted changes do not count.
    void leave_out_uncommitted();

    /// The facts for predefined variables. Cheap in any checkout: git reads no work tree and no
    /// index for them.
    pipeline::variables::Checkout describe();
    /// Paths of the files, relative to top().
    pipeline::rules::Paths files();
    /// What a push of this branch would change, or what the last commit changed when nothing waits
    /// to be pushed. Nothing for a branch that the remote does not have.
    std::optional<Changes> changed_by_push();
    /// Where this ref branched off from `ref`.
    struct Base {
        bool is_ref = false;  ///< false: there is no such ref
        std::string sha;      ///< "" when the histories have no commit in common
        std::string name;     ///< of the ref in messages: "origin/main"
    };
    Base base_of(const std::string& ref);
    /// What this ref changed since then; nothing without a commit in common.
    std::optional<Changes> changed_since(const Base& base);

  private:
    WorkTree(BlockingCalls& calls, std::string program, std::filesystem::path top);

    std::string own_commit();
    std::optional<Changes> changes(const std::string& base, const std::string& since);
    KnownRefs known_refs();
    void describe_commit(const KnownRefs& refs, pipeline::variables::Checkout& checkout);

    std::filesystem::path top_;
    GitProgram git_;
    std::string ref_;
    bool is_tag_ = false;
    bool known_ = true;
    std::string revision_;  ///< of a ref that is not checked out; "" for the work tree
};

}  // namespace runner::commands
