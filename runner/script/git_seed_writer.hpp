#pragma once

#include "runner/script/git_commands.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The part of get_sources that begins a new repository with what a git mirror has given
/// (ScriptSettings::git_seed), and measures the first fetch. Pure; life: see ScriptContext. Its
/// methods write nothing for a job without a seed and without a measurement.
///
/// $_runner_clone is "" for a repository that was there, else server, mirror or damaged.
class GitSeedWriter {
  public:
    explicit GitSeedWriter(const ScriptContext& context) : context_(context), commands_(context) {}

    [[nodiscard]] bool has_seed() const { return !context_.settings().git_seed.empty(); }
    /// Before the repository is made: whether it is new.
    void look(ShellWriter& writer) const;
    /// In a new repository. Once: one that is made anew gets everything from the server.
    void take(ShellWriter& writer) const;
    /// Defines the functions that the others call. After those of the repository.
    void define(ShellWriter& writer) const;
    /// After a fetch that was successful.
    void end_fetch(ShellWriter& writer) const;
    /// Where a check-out has failed: repeats it without what the mirror has given, and returns.
    void check_out_again(ShellWriter& writer) const;

  private:
    void measure(ShellWriter& writer) const;

    const ScriptContext& context_;
    GitCommands commands_;
};

}  // namespace runner::script
