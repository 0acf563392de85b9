#include "runner/script/git_repository_writer.hpp"

#include <fmt/format.h>

#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/git_submodules_writer.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::script {

namespace {

constexpr std::size_t kShortSha = 8;

}  // namespace

GitRepositoryWriter::GitRepositoryWriter(const ScriptContext& context, const GitLocation& location)
    : context_(context), location_(location), directories_(location.directories()) {}

void GitRepositoryWriter::announce(ShellWriter& writer) const {
    if (sends_correlation_id(context_)) {
        writer.print("Gitaly correlation ID: " + context_.settings().correlation_id);
    }
    const auto depth = context_.payload().git_info.depth;
    writer.notice(depth > 0 ? fmt::format("Fetching changes with git depth set to {}...", depth)
                            : std::string("Fetching changes..."));
}

/// A job that was killed leaves locks, and no git of it runs any more.
void GitRepositoryWriter::remove_stale_locks(ShellWriter& writer) const {
    const std::string git = directories_.project + "/.git";
    std::string files;
    for (const char* name : {"index.lock", "shallow.lock", "HEAD.lock", "config.lock"}) {
        files += " " + shell_quote(git + "/" + name);
    }
    writer.line("rm -f" + files + " " + shell_quote(git + "/hooks/post-checkout"));
    writer.line(
        fmt::format("if [ -d {0} ]; then find {0} -type f -name '*.lock' -exec rm -f {{}} +; fi",
                    shell_quote(git + "/refs")));
    if (context_.runner().clean_git_config.value_or(!context_.settings().shared_host)) {
        writer.line("rm -f " + shell_quote(git + "/config"));
        writer.line("rm -rf " + shell_quote(git + "/hooks"));
    }
}

void GitRepositoryWriter::initialise(ShellWriter& writer) const {
    const std::string directory = shell_quote(directories_.project);
    const std::string remote = shell_quote(remote_url(context_.payload(), context_.runner()));
    const bool sha256 = context_.payload().git_info.repo_object_format == "sha256";
    location_.trust_project(writer);
    writer.line("git -c init.defaultBranch=none init --template=" +
                shell_quote(directories_.tmp + "/git-template") +
                (sha256 ? " --object-format sha256" : "") + " " + directory);
    writer.line("cd " + directory);
    location_.include_config(writer);
    writer.line("git config fetch.recurseSubmodules false");
    writer.line("git config credential.interactive never");
    writer.line("git config gc.autoDetach false");
    writer.line("if git remote add origin " + remote + " > /dev/null 2>&1; then");
    writer.notice("Created fresh repository.");
    writer.line("else git remote set-url origin " + remote + "; fi");
}

std::string GitRepositoryWriter::fetch_command() const {
    std::string refspecs;
    for (const std::string& refspec : context_.payload().git_info.refspecs) {
        refspecs += " " + shell_quote(refspec);
    }
    const std::string agent =
        shell_quote(fmt::format("http.userAgent=gitlab-runner {} linux/{}",
                                base::compatible_version(), protocol::gitlab::architecture()));
    return "git -c " + agent + " fetch origin --no-recurse-submodules" + refspecs;
}

void GitRepositoryWriter::fetch(ShellWriter& writer) const {
    std::string extra = context_.variables().get("GIT_FETCH_EXTRA_FLAGS");
    if (extra.empty()) extra = "--prune --quiet";
    if (extra == "none") extra.clear();
    const std::string flags = quoted_flags(extra);
    const std::string command = fetch_command();
    const auto depth = context_.payload().git_info.depth;
    if (depth > 0) {
        writer.line(fmt::format("{} --depth {}{}", command, depth, flags));
        return;
    }
    writer.line("if [ -e .git/shallow ]; then " + command + " --unshallow" + flags + "; else " +
                command + flags + "; fi");
}

void GitRepositoryWriter::check_out(ShellWriter& writer) const {
    if (!context_.behaviour().flag("GIT_CHECKOUT", true)) {
        writer.notice("Skipping Git checkout");
        return;
    }
    const auto& git = context_.payload().git_info;
    writer.notice(fmt::format("Checking out {} as detached HEAD (ref is {})...",
                              git.sha.substr(0, kShortSha), git.ref));
    location_.check_out(writer, git.sha);
}

void GitRepositoryWriter::write(ShellWriter& writer, GitStrategy strategy) const {
    announce(writer);
    if (!context_.variables().has("GIT_LFS_SKIP_SMUDGE")) {
        writer.line("export GIT_LFS_SKIP_SMUDGE=1");
    }
    if (strategy == GitStrategy::kClone) {
        writer.line("rm -rf " + shell_quote(directories_.project));
    }
    remove_stale_locks(writer);
    GitConfigWriter(context_, location_).write(writer);
    writer.line("mkdir -p " + shell_quote(directories_.tmp + "/git-template"));
    initialise(writer);
    fetch(writer);
    check_out(writer);
    GitSubmodulesWriter(context_, location_).write(writer);
}

}  // namespace runner::script
