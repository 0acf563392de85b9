#pragma once

#include <string>

#include "runner/script/git_location.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// Writes all that git does in get_sources, from the empty or former repository to the updated
/// submodules. Pure.
class GitRepositoryWriter {
  public:
    GitRepositoryWriter(const ScriptContext& context, const GitLocation& location);

    /// `strategy` is kClone or kFetch.
    void write(ShellWriter& writer, GitStrategy strategy) const;

  private:
    void announce(ShellWriter& writer) const;
    void remove_stale_locks(ShellWriter& writer) const;
    void initialise(ShellWriter& writer) const;
    void fetch(ShellWriter& writer) const;
    [[nodiscard]] std::string fetch_command() const;
    void check_out(ShellWriter& writer) const;

    const ScriptContext& context_;
    const GitLocation& location_;
    GitDirectories directories_;
};

}  // namespace runner::script
