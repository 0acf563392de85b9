#include "runner/script/git_commands.hpp"

#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"

namespace runner::script {

namespace {

constexpr std::string_view kHasLargeFiles =
    "[ -n \"$(git ls-files -- ':(attr:filter=lfs)' 2> /dev/null)\" ]";

/// Processes that write files, from git 2.32 on. Not one for each core: the jobs of a machine share
/// them.
constexpr int kCheckOutWorkers = 4;

/// The commands that follow find this git first.
std::string with_git_of(const std::string& directory) {
    return "PATH=" + shell_quote(directory) + "${PATH:+:$PATH}; export PATH;";
}

bool wants_large_files(const ScriptContext& context) {
    return !context.behaviour().flag("GIT_LFS_SKIP_SMUDGE", false);
}

}  // namespace

std::string remove_refs_command(const std::string& selection) {
    return "git for-each-ref --format='delete %(refname)'" + selection +
           " | git update-ref --no-deref --stdin";
}

std::string GitCommands::config_file() const { return git_config_file(context_.tmp()); }

void GitCommands::trust_project(ShellWriter& writer) const {
    if (!context_.runner().safe_directory_checkout.value_or(!context_.settings().shared_host)) {
        return;
    }
    // Git asks for this only when owners differ, so a home that cannot be written is no error.
    writer.line("git config --global --add safe.directory " + shell_quote(context_.project()) +
                " 2> /dev/null || :");
}

void GitCommands::remove_project(ShellWriter& writer) const {
    // A shell whose directory is gone complains.
    writer.line("cd / && " + remove_project_command(context_));
}

void GitCommands::include_config(ShellWriter& writer) const {
    writer.line("git config include.path " + shell_quote(config_file()) + " || return");
}

void GitCommands::check_out(ShellWriter& writer, const std::string& sha) const {
    writer.line(
        "git -c submodule.recurse=false -c checkout.workers=" + std::to_string(kCheckOutWorkers) +
        " checkout -f -q " + shell_quote(sha) + " || return");
    const std::string clean = git_clean_command(context_.variables());
    if (!clean.empty()) writer.line(clean + " || return");
}

void GitCommands::bring_large_files(ShellWriter& writer) const {
    if (!wants_large_files(context_)) return;
    const std::string& own = context_.settings().lfs_directory;
    writer.line("if git lfs version > /dev/null 2>&1; then git lfs pull; elif " +
                std::string(kHasLargeFiles) + "; then");
    if (!own.empty()) {
        writer.line("(" + with_git_of(own) + " git lfs pull)");
        writer.line("fi");
        return;
    }
    writer.warning(
        "Files of Git LFS stay pointers: they need git-lfs beside git (GIT_LFS_SKIP_SMUDGE=true if "
        "they are not wanted)");
    writer.line("fi");
}

void GitCommands::clean_submodules(ShellWriter& writer) const {
    writer.line(clean_submodules_command(context_));
}

void GitCommands::begin_submodules(ShellWriter& writer) const {
    // The submodules need the credentials before their own configuration includes the file.
    // The job may have settings of this kind, too.
    writer.line("_runner_count=${GIT_CONFIG_COUNT:-0}");
    writer.line(
        "export \"GIT_CONFIG_COUNT=$((_runner_count + 1))\" "
        "\"GIT_CONFIG_KEY_$_runner_count=include.path\" \"GIT_CONFIG_VALUE_$_runner_count=\"" +
        shell_quote(config_file()));
}

void GitCommands::end_submodules(ShellWriter& writer, std::string_view recursive) const {
    // The job's own script may use git in a submodule: `cd sub && git fetch`.
    writer.notice("Configuring submodules to use parent git credentials...");
    writer.line("git submodule foreach --recursive " +
                shell_quote("git config --replace-all include.path " + shell_quote(config_file())) +
                " > /dev/null");
    if (!wants_large_files(context_)) return;
    const std::string pull = "git submodule foreach" + std::string(recursive) + " 'git lfs pull'";
    const std::string& own = context_.settings().lfs_directory;
    const std::string by_own = own.empty() ? "" : "; else (" + with_git_of(own) + " " + pull + ")";
    writer.line("if git lfs version > /dev/null 2>&1; then " + pull + by_own + "; fi");
}

}  // namespace runner::script
