#include "runner/script/git_location.hpp"

#include <utility>

#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"

namespace runner::script {

namespace {

constexpr std::string_view kHasLargeFiles =
    "[ -n \"$(git ls-files -- ':(attr:filter=lfs)' 2> /dev/null)\" ]";
constexpr std::string_view kHasGitLfs = "if git lfs version > /dev/null 2>&1; then ";

bool wants_large_files(const ScriptContext& context) {
    return !context.behaviour().flag("GIT_LFS_SKIP_SMUDGE", false);
}

/// Tells the user why a file of Git LFS has a pointer as its content. `condition` begins with "if".
void warn_of_pointers(ShellWriter& writer, const std::string& condition) {
    writer.line(condition + "; then");
    writer.warning(
        "Files of Git LFS stay pointers: they need git-lfs in the image (GIT_LFS_SKIP_SMUDGE=true "
        "if they are not wanted)");
    writer.line("fi");
}

}  // namespace

GitDirectories EnvironmentGit::directories() const { return {context_.project(), context_.tmp()}; }

std::string EnvironmentGit::config_file() const { return git_config_file(context_.tmp()); }

std::string EnvironmentGit::variable_file(ShellWriter& /*writer*/, std::string_view key) const {
    return context_.variables().get(key);
}

void EnvironmentGit::trust_project(ShellWriter& writer) const {
    if (!context_.runner().safe_directory_checkout.value_or(!context_.settings().shared_host)) {
        return;
    }
    // Git asks for this only when owners differ, so a home that cannot be written is no error.
    writer.line("git config --global --add safe.directory " + shell_quote(context_.project()) +
                " 2> /dev/null || :");
}

void EnvironmentGit::remove_project(ShellWriter& writer) const {
    // A shell whose directory is gone complains.
    writer.line("cd / && " + remove_project_command(context_));
}

void EnvironmentGit::include_config(ShellWriter& writer) const {
    writer.line("git config include.path " + shell_quote(config_file()) + " || return");
}

void EnvironmentGit::check_out(ShellWriter& writer, const std::string& sha) const {
    writer.line("git -c submodule.recurse=false checkout -f -q " + shell_quote(sha) + " || return");
    const std::string clean = git_clean_command(context_.variables());
    if (!clean.empty()) writer.line(clean + " || return");
}

void EnvironmentGit::bring_large_files(ShellWriter& writer) const {
    if (!wants_large_files(context_)) return;
    warn_of_pointers(writer,
                     std::string(kHasGitLfs) + "git lfs pull; elif " + std::string(kHasLargeFiles));
}

void EnvironmentGit::clean_submodules(ShellWriter& writer) const {
    writer.line(clean_submodules_command(context_));
}

void EnvironmentGit::begin_submodules(ShellWriter& writer) const {
    // The submodules need the credentials before their own configuration includes the file.
    writer.line("export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=include.path GIT_CONFIG_VALUE_0=" +
                shell_quote(config_file()));
}

void EnvironmentGit::end_submodules(ShellWriter& writer, std::string_view recursive) const {
    // The job's own script may use git in a submodule: `cd sub && git fetch`.
    writer.notice("Configuring submodules to use parent git credentials...");
    writer.line("git submodule foreach --recursive " +
                shell_quote("git config --replace-all include.path " + shell_quote(config_file())) +
                " > /dev/null");
    if (!wants_large_files(context_)) return;
    writer.line(std::string(kHasGitLfs) + "git submodule foreach" + std::string(recursive) +
                " 'git lfs pull'; fi");
}

HostGit::HostGit(const ScriptContext& context, GitDirectories directories)
    : context_(context), directories_(std::move(directories)) {}

/// The job's own path is one in the environment.
std::string HostGit::variable_file(ShellWriter& writer, std::string_view key) const {
    std::string path = directories_.tmp + "/" + std::string(key);
    writer.write_file(path, context_.variables().content(key));
    return path;
}

void HostGit::trust_project(ShellWriter& /*writer*/) const {}
void HostGit::remove_project(ShellWriter& writer) const {
    writer.line("rm -rf " + shell_quote(directories_.project));
}
void HostGit::include_config(ShellWriter& /*writer*/) const {}

void HostGit::check_out(ShellWriter& writer, const std::string& sha) const {
    // The daemon reads the files from the object store. Commands for submodules read the index.
    writer.line("git update-ref --no-deref HEAD " + shell_quote(sha) + " || return");
    writer.line("git read-tree HEAD || return");
}

void HostGit::bring_large_files(ShellWriter& writer) const {
    if (wants_large_files(context_)) warn_of_pointers(writer, "if " + std::string(kHasLargeFiles));
}

void HostGit::clean_submodules(ShellWriter& /*writer*/) const {}
void HostGit::begin_submodules(ShellWriter& /*writer*/) const {}
void HostGit::end_submodules(ShellWriter& /*writer*/, std::string_view /*recursive*/) const {}

}  // namespace runner::script
