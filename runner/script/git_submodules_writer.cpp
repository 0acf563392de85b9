#include "runner/script/git_submodules_writer.hpp"

#include <fmt/format.h>

#include "runner/script/former_files.hpp"
#include "runner/script/git_settings.hpp"

namespace runner::script {

GitSubmodulesWriter::GitSubmodulesWriter(const ScriptContext& context)
    : context_(context), commands_(context) {}

/// GIT_SUBMODULE_DEPTH; the project's own depth when that is not set.
int GitSubmodulesWriter::depth() const {
    const int asked = context_.behaviour().number("GIT_SUBMODULE_DEPTH", 0);
    return asked != 0 ? asked : static_cast<int>(context_.payload().git_info.depth);
}

GitSubmodulesWriter::Flags GitSubmodulesWriter::flags(bool recursive, int depth) const {
    const auto& variables = context_.variables();
    Flags flags;
    if (recursive) flags.recursive = " --recursive";
    if (depth > 0) flags.depth = fmt::format(" --depth {}", depth);
    flags.update = quoted_flags(variables.get("GIT_SUBMODULE_UPDATE_FLAGS"));
    const std::string paths = variables.get("GIT_SUBMODULE_PATHS");
    if (!paths.empty()) flags.paths = " --" + quoted_flags(paths);
    return flags;
}

/// Removes what an earlier job left in the submodules: the update could fail because of it.
std::string GitSubmodulesWriter::reset_command(const Flags& flags) const {
    const std::string clean = git_clean_command(context_.variables());
    return "git submodule foreach" + flags.recursive + " " +
           shell_quote((clean.empty() ? clean : clean + " && ") + "git reset --hard") +
           " > /dev/null";
}

void GitSubmodulesWriter::prepare(ShellWriter& writer, const Flags& flags) const {
    const std::string init = "git submodule init" + flags.paths;
    const std::string sync = "git submodule sync" + flags.recursive + flags.paths;
    const std::string reset = reset_command(flags);
    writer.line(init);
    writer.line(sync);
    writer.line("if ! " + reset + "; then");
    writer.line(open_project_command(context_));
    writer.line("if ! " + reset + "; then");
    writer.notice("The submodules of a former job cannot be used. Fetching them again...");
    writer.line(forget_submodules_command(context_));
    writer.line(init);
    writer.line("fi; fi");
}

/// Two tries.
void GitSubmodulesWriter::update(ShellWriter& writer, const Flags& flags) {
    const std::string command =
        "git submodule update --init" + flags.recursive + flags.depth + flags.update + flags.paths;
    writer.line("if ! " + command + "; then");
    writer.warning("Updating submodules failed. Retrying...");
    if (flags.update.find("'--remote'") != std::string::npos) {
        // A fetch with a depth does not bring every branch.
        writer.line("git submodule foreach" + flags.recursive +
                    " 'git fetch origin +refs/heads/*:refs/remotes/origin/*'");
    }
    writer.line("git submodule sync" + flags.recursive + flags.paths);
    writer.line(command);
    writer.line("fi");
}

void GitSubmodulesWriter::write(ShellWriter& writer) const {
    const std::string mode = context_.variables().get("GIT_SUBMODULE_STRATEGY");
    if (mode.empty() || mode == "none") {
        writer.notice("Skipping Git submodules setup");
        return;
    }
    const bool recursive = mode == "recursive";
    const int asked_depth = depth();
    const Flags flags = this->flags(recursive, asked_depth);
    writer.notice(
        fmt::format("Updating/initializing submodules{}{}...", recursive ? " recursively" : "",
                    asked_depth > 0 ? fmt::format(" with git depth set to {}", asked_depth) : ""));
    commands_.begin_submodules(writer);
    prepare(writer, flags);
    update(writer, flags);
    writer.line(reset_command(flags));
    // A submodule that was not there before the update has no address yet when its repository is
    // that of a former job.
    writer.line("git submodule sync" + flags.recursive + flags.paths + " > /dev/null");
    commands_.end_submodules(writer, flags.recursive);
    writer.notice("Updated submodules");
}

}  // namespace runner::script
