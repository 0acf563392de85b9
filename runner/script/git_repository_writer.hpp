#pragma once

#include <string>
#include <string_view>

#include "runner/script/git_commands.hpp"
#include "runner/script/git_seed_writer.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// Writes all that git does in get_sources, from the empty or former repository to the updated
/// submodules. Pure.
///
/// The steps are shell functions, because a repository that a former job has left may be damaged:
/// then a step is repeated, at last in a new repository. Whether it is damaged is asked of git,
/// so that a server that does not answer costs no repository.
class GitRepositoryWriter {
  public:
    explicit GitRepositoryWriter(const ScriptContext& context);

    /// `strategy` is kClone or kFetch.
    void write(ShellWriter& writer, GitStrategy strategy) const;

  private:
    void announce(ShellWriter& writer) const;
    void open_and_fetch(ShellWriter& writer) const;
    void clone_or_fetch(ShellWriter& writer) const;
    void define_clone(ShellWriter& writer) const;
    void define_open(ShellWriter& writer) const;
    void define_fetch(ShellWriter& writer) const;
    void define_check_out(ShellWriter& writer) const;
    void define_repairs(ShellWriter& writer) const;
    void define_second_fetch(ShellWriter& writer) const;
    void define_second_check_out(ShellWriter& writer) const;
    [[nodiscard]] std::string extra_flags(std::string_view variable, std::string fallback) const;
    [[nodiscard]] std::string git_command() const;
    [[nodiscard]] std::string fetch_command() const;
    void check_out(ShellWriter& writer) const;

    const ScriptContext& context_;
    GitCommands commands_;
    GitSeedWriter seed_;
};

}  // namespace runner::script
