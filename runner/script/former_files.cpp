#include "runner/script/former_files.hpp"

#include <string_view>

#include "runner/script/former_files_by_shell.hpp"

namespace runner::script {

namespace {

std::string command(const ScriptContext& context, std::string_view action) {
    return shell_quote(context.settings().helper) + " sources " + std::string(action) +
           " --project " + shell_quote(context.project());
}

std::string format_flag(const ScriptContext& context) {
    return context.payload().git_info.repo_object_format == "sha256" ? " --sha256" : "";
}

}  // namespace

std::string begin_job_command(const ScriptContext& context) {
    if (context.settings().by_driver) return begin_job_by_shell(context.tmp());
    const std::string& builds = context.settings().builds_dir;
    const std::string& seed = context.settings().git_seed;
    return command(context, "begin") + " --tmp " + shell_quote(context.tmp()) +
           (builds.empty() ? "" : " --builds " + shell_quote(builds)) +
           (seed.empty() ? "" : " --seed " + shell_quote(seed));
}

std::string clean_repository_command(const ScriptContext& context) {
    const bool clean = context.runner().clean_git_config.value_or(true);
    if (context.settings().by_driver) return clean_repository_by_shell(context.project(), clean);
    return command(context, "repository") + (clean ? "" : " --keep-config") + format_flag(context);
}

std::string clean_submodules_command(const ScriptContext& context) {
    if (context.settings().by_driver) return ":";  // clean_repository_command() has done it
    return command(context, "submodules") + format_flag(context);
}

std::string forget_submodules_command(const ScriptContext& context) {
    if (context.settings().by_driver) return forget_submodules_by_shell(context.project());
    return command(context, "forget-submodules") + format_flag(context);
}

std::string open_project_command(const ScriptContext& context) {
    if (context.settings().by_driver) return open_project_by_shell(context.project());
    return command(context, "open");
}

std::string spread_project_command(const ScriptContext& context) {
    return context.settings().by_driver ? ":" : command(context, "spread");
}

std::string seed_repository_command(const ScriptContext& context) {
    return command(context, "seed") + " --seed " + shell_quote(context.settings().git_seed);
}

std::string measure_clone_command(const ScriptContext& context) {
    return command(context, "measure");
}

std::string remove_project_command(const ScriptContext& context) {
    if (context.settings().by_driver) return remove_by_shell(context.project());
    return command(context, "remove");
}

}  // namespace runner::script
