#include "runner/script/stages.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"

namespace runner::script {

using protocol::gitlab::Step;

StageWriter::StageWriter(const protocol::gitlab::JobPayload& payload,
                         const config::RunnerConfig& runner, Variables& variables, StageFacts facts)
    : payload_(payload), runner_(runner), variables_(variables), facts_(std::move(facts)) {}

std::string StageWriter::project() const {
    return facts_.host ? facts_.host->project : variables_.get("CI_PROJECT_DIR");
}
std::string StageWriter::tmp() const {
    return facts_.host ? facts_.host->tmp : variables_.get("RUNNER_TEMP_PROJECT_DIR");
}

std::string StageWriter::finish(const ShellWriter& writer) const {
    const auto wish = parse_bool(variables_.get("CI_DEBUG_TRACE"));
    return writer.script(wish.value_or(false) && !runner_.debug_trace_disabled);
}

/// Jobs of one project share a volume, and their images need not agree on a user (job-runtime.md
/// §5.5).
bool StageWriter::opens_files() const {
    return !facts_.shared_environment &&
           !variables_.feature("FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR");
}

std::string StageWriter::in_the_open(const std::string& command) const {
    return opens_files() ? "(umask 0000; " + command + ")" : command;
}

void StageWriter::preamble(ShellWriter& writer) const {
    writer.line(in_the_open("mkdir -p " + shell_quote(tmp())));
    for (const auto& file : variables_.files()) {
        writer.write_file(tmp() + "/" + file.name, file.value);
    }
    const std::string carried = tmp() + "/gitlab_runner_env";
    writer.export_variable("GITLAB_ENV", carried);
    writer.line("touch \"$GITLAB_ENV\"");
    writer.line(
        "while IFS= read -r _runner_line; do [ -z \"$_runner_line\" ] || export "
        "\"$_runner_line\"; done < \"$GITLAB_ENV\"");
    writer.line("unset _runner_line");
}

std::string StageWriter::prepare_script() {
    ShellWriter writer;
    writer.print("Running on " + facts_.place + "...");
    writer.line("rm -f " + shell_quote(tmp() + "/gitlab_runner_env"));
    return finish(writer);
}

std::string StageWriter::step(const Step& step) {
    ShellWriter writer;
    preamble(writer);
    const bool check = variables_.feature("FF_ENABLE_BASH_EXIT_CODE_CHECK");
    const bool sections =
        variables_.feature("FF_SCRIPT_SECTIONS") && payload_.features.trace_sections;
    writer.line("cd " + shell_quote(project()));
    if (!runner_.pre_build_script.empty()) {
        writer.commands({runner_.pre_build_script}, check, sections, "pre_build_script");
    }
    std::vector<std::string> lines = step.script;
    if (step.name == "release") {
        for (std::string& line : lines) line = variables_.expand(line);
    }
    writer.commands(lines, check, sections, "script_step");
    if (!runner_.post_build_script.empty()) {
        writer.commands({runner_.post_build_script}, check, sections, "post_build_script");
    }
    return finish(writer);
}

std::string StageWriter::after_script(const Step& step) {
    ShellWriter writer;
    preamble(writer);
    writer.line("cd " + shell_quote(project()));
    writer.notice("Running after script...");
    writer.commands(step.script, variables_.feature("FF_ENABLE_BASH_EXIT_CODE_CHECK"),
                    variables_.feature("FF_SCRIPT_SECTIONS") && payload_.features.trace_sections,
                    "after_script_step");
    return finish(writer);
}

std::string StageWriter::cleanup() {
    ShellWriter writer;
    for (const auto& file : variables_.files()) {
        writer.line("rm -f " + shell_quote(tmp() + "/" + file.name));
    }
    writer.line("rm -f " + shell_quote(tmp() + "/gitlab_runner_env"));
    // What an upload or a download that was cut off has left.
    writer.line("rm -f " + shell_quote(tmp()) + "/artifacts-* " + shell_quote(tmp()) +
                "/dependency-*");
    writer.line("rm -f " + shell_quote(ext_config()) + " " + shell_quote(credentials_file()));
    if (variables_.feature("FF_ENABLE_JOB_CLEANUP")) {
        switch (strategy()) {
            case GitStrategy::kClone:
            case GitStrategy::kEmpty: writer.line("rm -rf " + shell_quote(project())); break;
            case GitStrategy::kFetch: {
                if (facts_.sources_by_daemon) {
                    clean_without_git(writer);
                    break;
                }
                const std::string flags = variables_.get("GIT_CLEAN_FLAGS");
                writer.line("cd " + shell_quote(project()));
                if (flags != "none") {
                    writer.line("git clean " + (flags.empty() ? std::string("-ffdx") : flags));
                }
                writer.line("git reset --hard");
                break;
            }
            case GitStrategy::kNone: break;
        }
    }
    return finish(writer);
}

std::string StageWriter::clear_worktree() {
    ShellWriter writer;
    writer.line("rm -rf " + shell_quote(project()));
    writer.line(in_the_open("mkdir -p " + shell_quote(project())));
    return finish(writer);
}

}  // namespace runner::script
