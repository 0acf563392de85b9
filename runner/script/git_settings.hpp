#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/variables.hpp"

/// Settings of a job for git (job-runtime.md §2.4). Pure.
namespace runner::script {

/// Flags are one text that is split at white space and has no quoting. Each of them is quoted for
/// the shell and follows a space.
std::string quoted_flags(const std::string& flags);

/// "git clean …" with GIT_CLEAN_FLAGS; "" when the job does not want it.
std::string git_clean_command(const Variables& variables);

/// kProtocol when the payload names no repository or commit, kConfiguration for settings of
/// submodules that cannot work.
base::Result<void> check_git_settings(const ScriptContext& context);

}  // namespace runner::script
