#pragma once

#include <string>
#include <string_view>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// Removes the refs that `git for-each-ref` names with these options and patterns, each with a
/// space before it; all refs for "".
std::string remove_refs_command(const std::string& selection);

/// What get_sources does around the commands of git: trust, cleaning, the job's configuration,
/// files of Git LFS. Pure: the methods append commands to the script. Life: see ScriptContext.
class GitCommands {
  public:
    explicit GitCommands(const ScriptContext& context) : context_(context) {}

    /// Before the repository is made: git accepts the directory of another user.
    void trust_project(ShellWriter& writer) const;
    /// Removes the project with the repository.
    void remove_project(ShellWriter& writer) const;
    /// In the repository: includes the file of GitConfigWriter. This and check_out() are parts of
    /// shell functions that return the code of the first command that fails.
    void include_config(ShellWriter& writer) const;
    /// Makes the fetched commit HEAD, with its files.
    void check_out(ShellWriter& writer, const std::string& sha) const;
    /// After the checkout: brings the files of Git LFS, or says why they are missing.
    void bring_large_files(ShellWriter& writer) const;
    /// After the checkout, with or without submodules: makes those of a former job safe.
    void clean_submodules(ShellWriter& writer) const;
    /// Before and after the update of submodules: they use the same configuration. `recursive` is
    /// the flag of git's commands, "" or " --recursive".
    void begin_submodules(ShellWriter& writer) const;
    void end_submodules(ShellWriter& writer, std::string_view recursive) const;

  private:
    [[nodiscard]] std::string config_file() const;

    const ScriptContext& context_;
};

}  // namespace runner::script
