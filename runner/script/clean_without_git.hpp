#pragma once

#include <string>
#include <vector>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// The flags of "git clean", as far as they can be carried out without git.
struct CleanFlags {
    /// All files except the excluded ones are removed. False without -d and -x, because only git
    /// knows which files those flags concern, and for flags that are not known here.
    bool all = false;
    /// Patterns of .gitignore.
    std::vector<std::string> exclude;
};

/// Reads GIT_CLEAN_FLAGS: "" stands for "-ffdx", "none" for no cleaning.
CleanFlags read_clean_flags(const std::string& text);

/// Removes from the project the files of the former commit, and others as GIT_CLEAN_FLAGS asks
/// for. Pure.
void clean_without_git(ShellWriter& writer, const ScriptContext& context);

}  // namespace runner::script
