#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/pipeline/rules/repository.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::commands {

/// Paths that differ, and from what.
struct Changes {
    pipeline::rules::Paths paths;
    std::string base_sha;
    std::string since;  ///< for people: "origin/main", "the commit before"
};

/// A git work tree on this machine, asked through the program git. It is seen as the commit that
/// somebody is about to make: changed and new files count unless they are ignored. Asked for
/// another ref (look_at), it is that ref's commit, as it is.
///
/// Strand: none, every call blocks. Failures are git's own words, with the command.
class WorkTree {
  public:
    /// nullptr when `directory` is in no work tree; a failure when git is missing or refuses.
    static base::Result<std::unique_ptr<WorkTree>> open(BlockingCalls& calls,
                                                        const std::filesystem::path& directory);

    [[nodiscard]] const std::filesystem::path& top() const { return top_; }

    /// The ref a pipeline is for; "" for what is checked out. A ref that is not here keeps its name
    /// and stands at HEAD.
    void look_at(const std::string& ref, bool tag);
    /// False when look_at() was given what is no branch, tag or commit.
    [[nodiscard]] bool knows_ref() const { return known_; }
    /// From here on only what is committed counts.
    void leave_out_uncommitted();

    /// Everything that predefined variables want to know.
    pipeline::variables::Checkout describe();
    /// Files of the commit.
    pipeline::rules::Paths files();
    /// What a push of this branch would bring, or brought with the last commit when nothing waits
    /// to be pushed; nothing for a branch that the remote does not have.
    std::optional<Changes> changed_by_push();
    /// What this ref changed since it left `ref`; nothing when that is no ref.
    std::optional<Changes> changed_since(const std::string& ref);

  private:
    WorkTree(BlockingCalls& calls, std::filesystem::path top);

    base::Result<std::string> git(std::vector<std::string> arguments);
    std::string answer(std::vector<std::string> arguments);  ///< trimmed, "" for a failure
    pipeline::rules::Paths paths(std::vector<std::string> arguments);
    std::string commit_of(const std::string& revision);  ///< "" when there is none
    std::string commit_of_ref(const std::string& name);
    std::string own_commit();
    std::optional<Changes> changes(const std::string& base, const std::string& since);
    void describe_ref(pipeline::variables::Checkout& checkout);
    void describe_commit(pipeline::variables::Checkout& checkout);
    std::string default_branch();

    BlockingCalls& calls_;
    std::filesystem::path top_;
    std::string ref_;
    bool is_tag_ = false;
    bool known_ = true;
    std::string revision_;  ///< of a ref that is not checked out; "" for the work tree
};

}  // namespace runner::commands
