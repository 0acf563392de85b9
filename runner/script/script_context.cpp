#include "runner/script/script_context.hpp"

#include <utility>

#include "base/parse.hpp"

namespace runner::script {

ScriptContext::ScriptContext(const protocol::gitlab::JobPayload& payload,
                             const config::RunnerConfig& runner, BehaviourVariables& behaviour,
                             ScriptSettings settings)
    : payload_(payload), runner_(runner), behaviour_(behaviour), settings_(std::move(settings)) {}

std::string ScriptContext::project() const { return variables().get("CI_PROJECT_DIR"); }
std::string ScriptContext::tmp() const { return variables().get("RUNNER_TEMP_PROJECT_DIR"); }
std::string ScriptContext::gitlab_env_file() const { return tmp() + "/gitlab_runner_env"; }

/// Jobs of one project share a volume, and the users of their images may differ (job-runtime.md
/// §5.5).
bool ScriptContext::opens_files() const {
    return !settings_.shared_host && !variables().feature("FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR");
}

void ScriptContext::use_git(ShellWriter& writer) const {
    if (settings_.git_directory.empty()) return;
    writer.line("PATH=" + shell_quote(settings_.git_directory) + "${PATH:+:$PATH}; export PATH");
}

std::string ScriptContext::with_job_umask(const std::string& command) const {
    return opens_files() ? "(umask 0000; " + command + ")" : command;
}

void ScriptContext::write_job_umask(ShellWriter& writer) const {
    if (opens_files()) writer.line("umask 0000");
}

void ScriptContext::write_preamble(ShellWriter& writer) const {
    const std::string directory = shell_quote(tmp());
    // Each program that is started takes 1 to 3 ms in a container.
    writer.line("[ -d " + directory + " ] || " + with_job_umask("mkdir -p " + directory));
    for (const auto& file : variables().files()) {
        writer.write_file(tmp() + "/" + file.name, file.value);
    }
    writer.export_variable("GITLAB_ENV", gitlab_env_file());
    writer.line("[ -e \"$GITLAB_ENV\" ] || : > \"$GITLAB_ENV\"");
    writer.line(
        "while IFS= read -r _runner_line; do [ -z \"$_runner_line\" ] || export "
        "\"$_runner_line\"; done < \"$GITLAB_ENV\"");
    writer.line("unset _runner_line");
}

void ScriptContext::write_commands(ShellWriter& writer, const std::vector<std::string>& commands,
                                   std::string_view section) const {
    const bool sections =
        variables().feature("FF_SCRIPT_SECTIONS") && payload_.features.trace_sections;
    writer.commands(commands, variables().feature("FF_ENABLE_BASH_EXIT_CODE_CHECK"), sections,
                    section);
}

std::string ScriptContext::finish(const ShellWriter& writer) const {
    const auto asked = base::parse_bool(variables().get("CI_DEBUG_TRACE"));
    return writer.script(asked.value_or(false) && !runner_.debug_trace_disabled);
}

}  // namespace runner::script
