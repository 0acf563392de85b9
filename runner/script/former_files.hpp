#pragma once

#include <string>

#include "runner/script/script_context.hpp"

/// Commands for the files in the project's directories that a former job left. runner-helper
/// carries them out, because those files are not trusted: links in them are not followed, and modes
/// do not keep them from being removed. Where no runner-helper is, the shell does what the official
/// runner does. Pure.
namespace runner::script {

/// Makes an empty temporary directory: the first command of a job.
std::string begin_job_command(const ScriptContext& context);
/// Removes from the former repository what git would run or follow (git_directory.hpp).
std::string clean_repository_command(const ScriptContext& context);
/// After the checkout: the same for submodules.
std::string clean_submodules_command(const ScriptContext& context);
/// Removes all submodules and their repositories.
std::string forget_submodules_command(const ScriptContext& context);
/// Gives the job's user the rights to change its own directories in the project.
std::string open_project_command(const ScriptContext& context);
/// In a new repository: its files are to be written fast (spread_children() in executors/helper).
std::string spread_project_command(const ScriptContext& context);
/// Moves the copy of a mirror into the new repository (git_seed.hpp in executors/helper).
std::string seed_repository_command(const ScriptContext& context);
/// Tells the daemon what the first fetch has cost; "--clone HOW" is to follow.
std::string measure_clone_command(const ScriptContext& context);
/// Removes the project. When the job's user may not do that, it renames the project.
std::string remove_project_command(const ScriptContext& context);

}  // namespace runner::script
