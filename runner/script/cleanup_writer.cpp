#include "runner/script/cleanup_writer.hpp"

#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/git_strategy.hpp"

namespace runner::script {

void CleanupWriter::remove_temporary_files(ShellWriter& writer) const {
    const std::string tmp = context_.tmp();
    for (const auto& file : context_.variables().files()) {
        writer.line("rm -f " + shell_quote(tmp + "/" + file.name));
    }
    writer.line("rm -f " + shell_quote(context_.gitlab_env_file()));
    // An upload or a download that was interrupted leaves its file.
    writer.line("rm -f " + shell_quote(tmp) + "/artifacts-* " + shell_quote(tmp) + "/dependency-*");
    writer.line("rm -f " + shell_quote(git_config_file(tmp)) + " " +
                shell_quote(git_credentials_file(tmp)));
}

void CleanupWriter::clean_with_git(ShellWriter& writer) const {
    context_.use_git(writer);
    writer.line("cd " + shell_quote(context_.project()));
    const std::string clean = git_clean_command(context_.variables());
    if (!clean.empty()) writer.line(clean);
    writer.line("git reset --hard");
}

void CleanupWriter::clean_project(ShellWriter& writer) const {
    switch (git_strategy(context_.variables(), context_.payload().allow_git_fetch)) {
        case GitStrategy::kClone:
        case GitStrategy::kEmpty: writer.line(remove_project_command(context_)); break;
        case GitStrategy::kFetch:
            // Without a repository from a server, the files of the next job replace all of them.
            if (context_.settings().sources_by_daemon) {
                writer.line(remove_project_command(context_));
            } else {
                clean_with_git(writer);
            }
            break;
        case GitStrategy::kNone: break;
    }
}

std::string CleanupWriter::script() const {
    ShellWriter writer;
    remove_temporary_files(writer);
    if (context_.variables().feature("FF_ENABLE_JOB_CLEANUP")) clean_project(writer);
    return context_.finish(writer);
}

}  // namespace runner::script
