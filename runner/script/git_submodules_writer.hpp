#pragma once

#include <string>

#include "runner/script/git_commands.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// Writes the update of submodules, as GIT_SUBMODULE_STRATEGY asks for. Pure. Runs in the
/// repository of the project, whose commit is checked out.
class GitSubmodulesWriter {
  public:
    explicit GitSubmodulesWriter(const ScriptContext& context);

    void write(ShellWriter& writer) const;

  private:
    /// Parts of git's command lines, each with a space before it or "".
    struct Flags {
        std::string recursive;
        std::string depth;
        std::string update;
        std::string paths;
    };

    [[nodiscard]] int depth() const;
    [[nodiscard]] Flags flags(bool recursive, int depth) const;
    [[nodiscard]] std::string reset_command(const Flags& flags) const;
    void prepare(ShellWriter& writer, const Flags& flags) const;
    static void update(ShellWriter& writer, const Flags& flags);

    const ScriptContext& context_;
    GitCommands commands_;
};

}  // namespace runner::script
