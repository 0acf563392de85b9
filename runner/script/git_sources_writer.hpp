#pragma once

#include <string>

#include "base/result.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts of get_sources for an environment with git. Pure; life: see ScriptContext.
class GitSourcesWriter {
  public:
    explicit GitSourcesWriter(const ScriptContext& context) : context_(context) {}

    /// Failures: check_git_settings().
    [[nodiscard]] base::Result<std::string> get_sources() const;
    /// Whether the job's strategy wants sources.
    [[nodiscard]] bool brings_sources() const;
    /// An empty project directory, before the second try of get_sources.
    [[nodiscard]] std::string clear_worktree() const;

  private:
    [[nodiscard]] GitStrategy strategy() const;
    void skip_sources(ShellWriter& writer, GitStrategy strategy) const;

    const ScriptContext& context_;
};

}  // namespace runner::script
