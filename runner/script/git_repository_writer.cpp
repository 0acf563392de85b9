#include "runner/script/git_repository_writer.hpp"

#include <fmt/format.h>

#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/fetched_refs.hpp"
#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/git_submodules_writer.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::script {

namespace {

constexpr std::size_t kShortSha = 8;
/// Of git, for flags that it does not know.
constexpr int kUsageError = 129;

/// Git reads the object of each ref, and the commit with its history's limits.
constexpr const char* kRepositoryIsWhole =
    "git for-each-ref --format='%(objecttype)' > /dev/null 2>&1 && { ! git rev-parse -q --verify "
    "HEAD > /dev/null 2>&1 || git rev-list -n 1 HEAD > /dev/null 2>&1; }";

/// Git 2.49 and newer.
constexpr const char* kClonesRevisions =
    "case \"$(git clone -h 2>&1 || :)\" in *--revision*) true;; *) false;; esac";

std::string with_depth(std::int64_t depth) {
    return depth > 0 ? fmt::format(" with git depth set to {}...", depth) : std::string("...");
}

void announce_fetch(ShellWriter& writer, std::int64_t depth) {
    writer.notice("Fetching changes" + with_depth(depth));
}

/// The settings of a repository whose only user is this job.
void configure(ShellWriter& writer) {
    writer.line("git config fetch.recurseSubmodules false || return");
    writer.line("git config credential.interactive never || return");
    writer.line("git config gc.autoDetach false || return");
}

/// Each pipeline leaves a ref, which nobody needs, and which keeps the objects of deleted branches.
/// The newest ones stay: a fetch tells the server what is there by refs. git is asked for them only
/// where there may be many: `git gc` packs them. In a function of its own, because it sets "$@".
std::string forget_old_pipelines() {
    return "set -- .git/refs/pipelines/*; [ $# -gt 50 ] || [ -e .git/packed-refs ] || return 0; "
           "set -- $(git for-each-ref --format=one refs/pipelines); [ $# -le 50 ] || " +
           remove_refs_command(" --count=$(($# - 25)) --sort=version:refname refs/pipelines") +
           " || :";
}

}  // namespace

GitRepositoryWriter::GitRepositoryWriter(const ScriptContext& context)
    : context_(context), commands_(context), seed_(context) {}

void GitRepositoryWriter::announce(ShellWriter& writer) const {
    if (sends_correlation_id(context_)) {
        writer.print("Gitaly correlation ID: " + context_.settings().correlation_id);
    }
}

void GitRepositoryWriter::define_open(ShellWriter& writer) const {
    const std::string directory = shell_quote(context_.project());
    const std::string remote = shell_quote(remote_url(context_.payload(), context_.runner()));
    const bool sha256 = context_.payload().git_info.repo_object_format == "sha256";
    writer.line("_runner_open() {");
    seed_.look(writer);
    writer.line("_runner_new=1; if [ -e " + directory + "/.git/HEAD ]; then _runner_new=; fi");
    writer.line("git -c init.defaultBranch=none init --template=" +
                shell_quote(context_.tmp() + "/git-template") +
                (sha256 ? " --object-format sha256" : "") + " " + directory + " || return");
    writer.line("cd " + directory + " || return");
    writer.line("[ -z \"$_runner_new\" ] || " + spread_project_command(context_) +
                " 2> /dev/null || :");
    commands_.include_config(writer);
    configure(writer);
    seed_.take(writer);
    writer.line("if git remote add origin " + remote + " > /dev/null 2>&1; then");
    writer.notice("Created fresh repository.");
    writer.line("else git remote set-url origin " + remote + "; fi");
    writer.line("}");
}

std::string GitRepositoryWriter::git_command() const {
    return "git -c " +
           shell_quote(fmt::format("http.userAgent=gitlab-runner {} linux/{}",
                                   base::compatible_version(), protocol::gitlab::architecture()));
}

std::string GitRepositoryWriter::fetch_command() const {
    std::string refspecs;
    for (const std::string& refspec : context_.payload().git_info.refspecs) {
        refspecs += " " + shell_quote(refspec);
    }
    return git_command() + " fetch origin --no-recurse-submodules" + refspecs;
}

std::string GitRepositoryWriter::extra_flags(std::string_view variable,
                                             std::string fallback) const {
    const std::string flags = context_.variables().get(variable);
    if (flags == "none") return {};
    return quoted_flags(flags.empty() ? fallback : flags);
}

void GitRepositoryWriter::define_fetch(ShellWriter& writer) const {
    const std::string flags = extra_flags("GIT_FETCH_EXTRA_FLAGS", "--prune --quiet");
    const std::string command = fetch_command();
    const auto depth = context_.payload().git_info.depth;
    writer.line("_runner_forget_pipelines() { " + forget_old_pipelines() + "; }");
    writer.line("_runner_fetch() {");
    writer.line("_runner_forget_pipelines");
    std::string patterns;
    for (const std::string& pattern : conflicting_refs(context_.payload().git_info.refspecs)) {
        patterns += " " + shell_quote(pattern);
    }
    if (!patterns.empty()) writer.line(remove_refs_command(patterns) + " || return");
    if (depth > 0) {
        writer.line(fmt::format("{} --depth {}{}", command, depth, flags));
    } else {
        writer.line("if [ -e .git/shallow ]; then " + command + " --unshallow" + flags + "; else " +
                    command + flags + "; fi");
    }
    writer.line("}");
}

/// FF_USE_GIT_NATIVE_CLONE: the repository comes by one command.
void GitRepositoryWriter::define_clone(ShellWriter& writer) const {
    const auto& git = context_.payload().git_info;
    const std::string config = shell_quote("include.path=" + git_config_file(context_.tmp()));
    std::string command = git_command() + " -c " + config + " clone --no-checkout -c " + config +
                          " --template=" + shell_quote(context_.tmp() + "/git-template");
    if (git.depth > 0) command += fmt::format(" --depth {}", git.depth);
    if (git.ref.starts_with("refs/")) {
        command += " --revision " + shell_quote(git.ref);
    } else if (!git.ref.empty()) {
        command += " --branch " + shell_quote(git.ref);
    }
    command += extra_flags("GIT_CLONE_EXTRA_FLAGS", "");
    writer.line("_runner_clone() {");
    writer.line(command + " " + shell_quote(remote_url(context_.payload(), context_.runner())) +
                " " + shell_quote(context_.project()) + " || return");
    writer.line("cd " + shell_quote(context_.project()) + " || return");
    configure(writer);
    writer.line("}");
}

void GitRepositoryWriter::define_check_out(ShellWriter& writer) const {
    writer.line("_runner_check_out() {");
    commands_.check_out(writer, context_.payload().git_info.sha);
    writer.line("}");
}

/// "$1" of a repair is the code with which the step failed.
void GitRepositoryWriter::define_repairs(ShellWriter& writer) const {
    writer.line("_runner_renew() {");
    writer.notice("The project cannot be used as it is. Starting with an empty directory...");
    commands_.remove_project(writer);
    writer.line("_runner_open");
    writer.line("}");
    define_second_fetch(writer);
    define_second_check_out(writer);
}

void GitRepositoryWriter::define_second_fetch(ShellWriter& writer) const {
    writer.line("_runner_fetch_again() {");
    writer.line(std::string("if ! { ") + kRepositoryIsWhole + "; }; then _runner_renew");
    // 1: what was fetched could not become refs.
    writer.line("elif [ \"$1\" -eq 1 ]; then");
    writer.notice("Fetching again without the refs of former jobs...");
    writer.line(remove_refs_command("") + " || _runner_renew");
    writer.line("else return \"$1\"; fi");
    writer.line("_runner_fetch");
    writer.line("}");
}

void GitRepositoryWriter::define_second_check_out(ShellWriter& writer) const {
    const std::string commit = shell_quote(context_.payload().git_info.sha + "^{commit}");
    writer.line("_runner_check_out_again() {");
    seed_.check_out_again(writer);
    writer.line(fmt::format("if [ \"$1\" -eq {} ] || ! git cat-file -e {} 2> /dev/null; then",
                            kUsageError, commit));
    writer.line("return \"$1\"; fi");
    writer.notice("Changing the modes of directories, and trying again...");
    writer.line(open_project_command(context_));
    writer.line("if _runner_check_out; then return 0; fi");
    writer.line("_runner_renew");
    writer.line("_runner_fetch");
    writer.line("_runner_check_out");
    writer.line("}");
}

void GitRepositoryWriter::check_out(ShellWriter& writer) const {
    if (!context_.behaviour().flag("GIT_CHECKOUT", true)) {
        writer.notice("Skipping Git checkout");
        return;
    }
    const auto& git = context_.payload().git_info;
    writer.notice(fmt::format("Checking out {} as detached HEAD (ref is {})...",
                              git.sha.substr(0, kShortSha), git.ref));
    writer.line("_runner_check_out || _runner_check_out_again $?");
    commands_.bring_large_files(writer);
}

void GitRepositoryWriter::open_and_fetch(ShellWriter& writer) const {
    writer.line("_runner_open || _runner_renew");
    writer.line(std::string(seed_.has_seed() ? "_runner_first_fetch" : "_runner_fetch") +
                " || _runner_fetch_again $?");
    seed_.end_fetch(writer);
}

void GitRepositoryWriter::clone_or_fetch(ShellWriter& writer) const {
    const auto& git = context_.payload().git_info;
    define_clone(writer);
    writer.line(std::string("if ") + kClonesRevisions + "; then");
    writer.notice("Cloning repository" + (git.ref.empty() ? "" : " for " + git.ref) +
                  with_depth(git.depth));
    writer.line("_runner_clone");
    writer.line("else");
    writer.notice(std::string("FF_USE_GIT_NATIVE_CLONE needs git 2.49 or newer: fetching instead") +
                  (context_.variables().get("GIT_CLONE_EXTRA_FLAGS").empty()
                       ? ""
                       : ", without GIT_CLONE_EXTRA_FLAGS"));
    announce_fetch(writer, git.depth);
    open_and_fetch(writer);
    writer.line("fi");
}

void GitRepositoryWriter::write(ShellWriter& writer, GitStrategy strategy) const {
    const Variables& variables = context_.variables();
    const bool clones =
        strategy == GitStrategy::kClone && variables.feature("FF_USE_GIT_NATIVE_CLONE");
    announce(writer);
    if (!clones) announce_fetch(writer, context_.payload().git_info.depth);
    if (!variables.has("GIT_LFS_SKIP_SMUDGE")) {
        writer.line("export GIT_LFS_SKIP_SMUDGE=1");
    }
    if (strategy == GitStrategy::kClone) {
        commands_.remove_project(writer);
    }
    GitConfigWriter(context_).write(writer);
    writer.line(make_directory_command(context_.tmp() + "/git-template"));
    commands_.trust_project(writer);
    define_open(writer);
    define_fetch(writer);
    seed_.define(writer);
    define_check_out(writer);
    define_repairs(writer);
    if (clones) {
        clone_or_fetch(writer);
    } else {
        open_and_fetch(writer);
    }
    check_out(writer);
    commands_.clean_submodules(writer);
    GitSubmodulesWriter(context_).write(writer);
}

}  // namespace runner::script
