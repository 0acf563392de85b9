#include "runner/commands/repository_facts.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "runner/pipeline/include/work_tree.hpp"

namespace runner::commands {

using pipeline::rules::Difference;
using pipeline::rules::Paths;
using ChangedPaths = pipeline::rules::Lazy<std::optional<Paths>>;
using SeenChanges = pipeline::rules::Lazy<std::optional<Changes>>;

namespace {

std::optional<Paths> paths_of(std::optional<Changes> changes) {
    if (!changes) return std::nullopt;
    return std::move(changes->paths);
}

}  // namespace

std::string RepositoryFacts::branched_off(const std::string& target) {
    if (tree_ != nullptr) target_ = tree_->base_of(target);
    return target_.sha;
}

void RepositoryFacts::use_changes_of(ChangesOf what) {
    if (tree_ == nullptr || what == ChangesOf::kNothing) return;
    changes_ = SeenChanges::made_by([this, what] {
        return what == ChangesOf::kPush ? tree_->changed_by_push() : tree_->changed_since(target_);
    });
}

void RepositoryFacts::use_changes(Paths paths) { changes_ = Changes{std::move(paths), {}, {}}; }

pipeline::rules::Repository RepositoryFacts::repository() {
    pipeline::rules::Repository facts;
    facts.files = pipeline::rules::Lazy<Paths>::made_by([this] { return files(); });
    facts.changed = ChangedPaths::made_by([changes = changes_] { return paths_of(changes.get()); });
    if (tree_ != nullptr) {
        facts.changed_since = [this](const std::string& ref) { return difference(ref); };
    }
    return facts;
}

std::string RepositoryFacts::changes_text() const {
    const std::optional<Changes>& changes = changes_.get();
    if (!changes) return "what changed is unknown, so rules:changes hold";
    const std::size_t count = changes->paths.size();
    return fmt::format("{} changed path{} {}", count, count == 1 ? "" : "s",
                       changes->since.empty() ? "given" : "since " + changes->since);
}

Paths RepositoryFacts::files() const {
    std::error_code error;
    if (tree_ != nullptr && std::filesystem::equivalent(root_, tree_->top(), error)) {
        return tree_->files();
    }
    return pipeline::include::WorkTreeSource(root_).list({}, {});
}

/// Many jobs compare with one ref, so its answer is kept.
Difference RepositoryFacts::difference(const std::string& ref) {
    const auto found = differences_.find(ref);
    if (found != differences_.end()) return found->second;
    Difference difference;
    const WorkTree::Base base = tree_->base_of(ref);
    difference.is_ref = base.is_ref;
    difference.paths =
        ChangedPaths::made_by([this, base] { return paths_of(tree_->changed_since(base)); });
    return differences_.emplace(ref, difference).first->second;
}

}  // namespace runner::commands
