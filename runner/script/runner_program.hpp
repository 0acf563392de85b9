#pragma once

#include <string>
#include <string_view>

#include "runner/script/shell_writer.hpp"

/// Calls of a runner's program where a script runs that no runner-helper reaches (the custom
/// executor). As officially, such a place has `gitlab-runner` in PATH; `gitlab-runner-helper` is as
/// good, because it has the same commands. Pure.
namespace runner::script {

/// Finds the program. What follows, up to end_runner_program(), is done when there is one; when
/// there is none, a warning says that `action` ("Extracting cache") is disabled.
void begin_runner_program(ShellWriter& writer, std::string_view action);
void end_runner_program(ShellWriter& writer);

/// A call of the program that was found. Pure; a plain value.
class RunnerCall {
  public:
    explicit RunnerCall(std::string_view command);

    RunnerCall& flag(std::string_view name);
    RunnerCall& flag(std::string_view name, std::string_view value);
    /// `value` with the variables that the shell has replaced.
    RunnerCall& expanded(std::string_view name, std::string_view value);
    /// The paths of a cache or an artifact.
    template <typename Files>
    RunnerCall& selection(const Files& files) {
        for (const std::string& path : files.paths) expanded("path", path);
        if (files.untracked) flag("untracked");
        return *this;
    }
    /// A variable of the program's environment: what is secret is never an argument.
    RunnerCall& variable(std::string_view name, std::string_view value);
    [[nodiscard]] std::string text() const;

  private:
    std::string variables_;
    std::string arguments_;
};

}  // namespace runner::script
