#include "runner/commands/work_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/strings.hpp"
#include "base/subprocess.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using pipeline::rules::Paths;

WorkTree::WorkTree(BlockingCalls& calls, fs::path top) : top_(std::move(top)), git_(calls, top_) {}

base::Result<std::unique_ptr<WorkTree>> WorkTree::open(BlockingCalls& calls,
                                                       const fs::path& directory) {
    base::SubprocessOptions options;
    options.arguments = {"git", "-C", directory.string(), "rev-parse", "--show-toplevel"};
    options.environment = {"LC_ALL=C"};
    options.errors_with_output = true;
    auto ended = calls.wait<base::ProgramEnd>(base::run_to_end(calls.executor(), options));
    if (!ended) return ended.error();
    const std::string text(base::trim(ended->output));
    if (ended->status == 0) return std::unique_ptr<WorkTree>(new WorkTree(calls, text));
    const bool none = text.find("not a git repository") != std::string::npos ||
                      text.find("must be run in a work tree") != std::string::npos;
    if (none) return std::unique_ptr<WorkTree>();
    return base::make_error(base::ErrorKind::kIo,
                            fmt::format("git -C {} rev-parse: {}", directory.string(),
                                        text.empty() ? "no answer" : text));
}

std::string WorkTree::own_commit() { return revision_.empty() ? "HEAD" : revision_; }

void WorkTree::look_at(const std::string& given, bool tag) {
    const std::string ref = given == "HEAD" ? "" : given;
    ref_ = ref;
    is_tag_ = tag;
    revision_.clear();
    const std::string branch = git_.answer({"symbolic-ref", "--short", "--quiet", "HEAD"});
    if (ref_.empty()) {
        ref_ = branch;
        if (!tag && !branch.empty()) return;
        const std::string name = git_.answer({"describe", "--tags", "--exact-match", "HEAD"});
        if (!name.empty()) ref_ = name;
        is_tag_ = tag || !name.empty();
        return;
    }
    if (!tag && ref_ == branch) return;  // uncommitted changes count
    if (!tag) {
        revision_ = git_.commit_of_ref("refs/heads/" + ref);
        if (revision_.empty()) revision_ = git_.commit_of_ref("refs/remotes/origin/" + ref);
    }
    if (!revision_.empty()) return;
    revision_ = git_.commit_of_ref("refs/tags/" + ref);
    is_tag_ = tag || !revision_.empty();
    if (revision_.empty() && !tag) {
        revision_ = git_.commit_of(ref);
        // A commit without a name counts as one of the branch that is checked out, or of the
        // default branch.
        if (!revision_.empty()) ref_ = branch;
    }
    known_ = !revision_.empty();
}

void WorkTree::leave_out_uncommitted() {
    if (revision_.empty()) revision_ = git_.commit_of("HEAD");
}

pipeline::variables::Checkout WorkTree::describe() {
    pipeline::variables::Checkout checkout;
    checkout.directory_name = top_.filename().string();
    checkout.remote_url = git_.answer({"config", "--get", "remote.origin.url"});
    checkout.user_name = git_.answer({"config", "--get", "user.name"});
    checkout.user_email = git_.answer({"config", "--get", "user.email"});
    checkout.default_branch = default_branch();
    describe_ref(checkout);
    describe_commit(checkout);
    return checkout;
}

void WorkTree::describe_ref(pipeline::variables::Checkout& checkout) {
    checkout.ref = ref_.empty() ? checkout.default_branch : ref_;
    checkout.is_tag = is_tag_;
    if (!is_tag_) return;
    const std::string name = "refs/tags/" + ref_;
    if (git_.answer({"cat-file", "-t", name}) != "tag") return;
    // %(contents:subject) is not used: git joins the lines of the subject there.
    const std::string whole = git_.answer({"for-each-ref", "--format=%(contents)", name});
    const std::string signature =
        git_.answer({"for-each-ref", "--format=%(contents:signature)", name});
    checkout.tag_message = base::trim(std::string_view(whole).substr(
        0, signature.empty() ? std::string::npos : whole.find(signature)));
}

void WorkTree::describe_commit(pipeline::variables::Checkout& checkout) {
    auto shown =
        git_.run({"log", "-1", "-z", "--format=%H%x00%cI%x00%an <%ae>%x00%B", own_commit()});
    if (!shown) return;  // no commit yet
    const auto parts = base::split(*shown, '\0');
    if (parts.size() < 4) return;
    checkout.sha = parts[0];
    checkout.timestamp = parts[1];
    checkout.author = parts[2];
    checkout.message = parts[3];
}

std::string WorkTree::default_branch() {
    const std::string remote = git_.answer({"symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"});
    constexpr std::string_view kPrefix = "refs/remotes/origin/";
    if (remote.starts_with(kPrefix)) return remote.substr(kPrefix.size());
    for (const char* name : {"main", "master"}) {
        if (!git_.commit_of(std::string("refs/heads/") + name).empty()) return name;
    }
    return "main";
}

Paths WorkTree::files() {
    if (!revision_.empty()) {
        return git_.paths({"ls-tree", "-r", "-z", "--name-only", "--full-tree", revision_});
    }
    Paths all = git_.paths({"ls-files", "-z", "--cached", "--others", "--exclude-standard"});
    const Paths deleted = git_.paths({"ls-files", "-z", "--deleted"});
    const std::unordered_set<std::string> gone(deleted.begin(), deleted.end());
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const std::string& path) { return gone.contains(path); }),
              all.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

std::optional<Changes> WorkTree::changes(const std::string& base, const std::string& since) {
    std::vector<std::string> arguments{"diff", "--name-only", "--no-renames", "-z", base};
    if (!revision_.empty()) arguments.push_back(revision_);
    arguments.emplace_back("--");
    auto differing = git_.run(std::move(arguments));
    if (!differing) return std::nullopt;
    Changes found{split_paths(*differing), base, since};
    if (!revision_.empty()) return found;
    const Paths fresh = git_.paths({"ls-files", "-z", "--others", "--exclude-standard"});
    found.paths.insert(found.paths.end(), fresh.begin(), fresh.end());
    return found;
}

std::optional<Changes> WorkTree::changed_by_push() {
    const std::string upstream = git_.commit_of("refs/remotes/origin/" + ref_);
    if (upstream.empty() || is_tag_) return std::nullopt;
    auto waiting = changes(upstream, "origin/" + ref_);
    if (waiting && !waiting->paths.empty()) return waiting;
    const std::string parent = git_.commit_of(own_commit() + "~1");
    if (parent.empty()) return std::nullopt;
    return changes(parent, "the commit before");
}

std::optional<Changes> WorkTree::changed_since(const std::string& ref) {
    // The remote branch comes first: the local one may be old.
    std::string since = "origin/" + ref;
    std::string commit = git_.commit_of("refs/remotes/" + since);
    if (commit.empty()) {
        since = ref;
        commit = git_.commit_of(ref);
    }
    if (commit.empty()) return std::nullopt;
    const std::string base = git_.answer({"merge-base", commit, own_commit()});
    if (base.empty()) return std::nullopt;
    return changes(base, since);
}

}  // namespace runner::commands
