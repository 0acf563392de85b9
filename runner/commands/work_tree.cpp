#include "runner/commands/work_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/program_path.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
using pipeline::rules::Paths;

namespace {

void describe_settings(GitProgram& git, pipeline::variables::Checkout& checkout) {
    const auto settings = git.paths(
        {"config", "-z", "--get-regexp", "^(remote\\.origin\\.url|user\\.name|user\\.email)$"});
    for (const std::string& setting : settings) {
        const std::size_t line = std::min(setting.find('\n'), setting.size());
        const std::string name = setting.substr(0, line);
        std::string value(base::trim(std::string_view(setting).substr(line)));
        // A later file's setting comes later, and counts.
        if (name == "user.name") {
            checkout.user_name = std::move(value);
        } else if (name == "user.email") {
            checkout.user_email = std::move(value);
        } else {
            checkout.remote_url = std::move(value);
        }
    }
}

void describe_tag(GitProgram& git, pipeline::variables::Checkout& checkout) {
    const std::string name = "refs/tags/" + checkout.ref;
    if (git.answer({"cat-file", "-t", name}) != "tag") return;
    // %(contents:subject) is not used: git joins the lines of the subject there.
    const std::string whole = git.answer({"for-each-ref", "--format=%(contents)", name});
    const std::string signature =
        git.answer({"for-each-ref", "--format=%(contents:signature)", name});
    checkout.tag_message = base::trim(std::string_view(whole).substr(
        0, signature.empty() ? std::string::npos : whole.find(signature)));
}

}  // namespace

WorkTree::WorkTree(BlockingCalls& calls, std::string program, fs::path top)
    : top_(std::move(top)), git_(calls, std::move(program), top_) {}

base::Result<std::unique_ptr<WorkTree>> WorkTree::open(BlockingCalls& calls,
                                                       const fs::path& directory) {
    auto program = base::find_program("git");
    if (!program) return program.error();
    base::SubprocessOptions options;
    options.arguments = {*program, "-C", directory.string(), "rev-parse", "--show-toplevel"};
    options.environment = {"LC_ALL=C"};
    options.errors_with_output = true;
    auto ended = calls.wait<base::ProgramEnd>(base::run_to_end(calls.executor(), options));
    if (!ended) return ended.error();
    const std::string text(base::trim(ended->output));
    if (ended->status == 0) {
        return std::unique_ptr<WorkTree>(new WorkTree(calls, std::move(*program), text));
    }
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
    describe_settings(git_, checkout);
    const KnownRefs refs = known_refs();
    checkout.default_branch = refs.default_branch;
    checkout.ref = ref_.empty() ? refs.default_branch : ref_;
    checkout.is_tag = is_tag_;
    if (is_tag_) describe_tag(git_, checkout);
    describe_commit(refs, checkout);
    return checkout;
}

KnownRefs WorkTree::known_refs() {
    constexpr std::string_view kOrigin = "refs/remotes/origin/";
    const std::string upstream = std::string(kOrigin) + ref_;
    KnownRefs known;
    std::string local;
    std::vector<std::string> arguments{
        "for-each-ref", "--format=%(refname) %(objectname) %(symref)", "refs/remotes/origin/HEAD",
        "refs/heads/main", "refs/heads/master"};
    if (!ref_.empty() && !is_tag_) arguments.push_back(upstream);
    for (const std::string& line : base::split(git_.answer(std::move(arguments)), '\n')) {
        const auto fields = base::split(line, ' ');
        if (fields.size() < 3) continue;
        const std::string& name = fields[0];
        if (name == upstream) known.upstream = fields[1];
        if (name == "refs/remotes/origin/HEAD" && fields[2].starts_with(kOrigin)) {
            known.default_branch = fields[2].substr(kOrigin.size());
        }
        // Git lists them in alphabetical order, so main wins over master.
        if (name.starts_with("refs/heads/") && local.empty()) local = name.substr(11);
    }
    if (known.default_branch.empty()) known.default_branch = local.empty() ? "main" : local;
    return known;
}

void WorkTree::describe_commit(const KnownRefs& refs, pipeline::variables::Checkout& checkout) {
    auto shown =
        git_.run({"log", "-1", "-z", "--format=%H%x00%P%x00%cI%x00%an <%ae>%x00%B", own_commit()});
    if (!shown) return;  // no commit yet
    const auto parts = base::split(*shown, '\0');
    if (parts.size() < 5) return;
    checkout.sha = parts[0];
    checkout.timestamp = parts[2];
    checkout.author = parts[3];
    checkout.message = parts[4];
    // The commit before the push: what the remote has, or the parent when all is pushed.
    if (refs.upstream.empty()) return;
    const bool pushed = refs.upstream == checkout.sha;
    checkout.before_sha = pushed ? parts[1].substr(0, parts[1].find(' ')) : refs.upstream;
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

WorkTree::Base WorkTree::base_of(const std::string& ref) {
    // The remote branch comes first: the local one may be old.
    Base base;
    base.name = "origin/" + ref;
    std::string commit = git_.commit_of("refs/remotes/" + base.name);
    if (commit.empty()) {
        base.name = ref;
        commit = git_.commit_of(ref);
    }
    base.is_ref = !commit.empty();
    if (base.is_ref) base.sha = git_.answer({"merge-base", commit, own_commit()});
    return base;
}

std::optional<Changes> WorkTree::changed_since(const Base& base) {
    if (base.sha.empty()) return std::nullopt;
    return changes(base.sha, base.name);
}

}  // namespace runner::commands
