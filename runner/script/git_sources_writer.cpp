#include "runner/script/git_sources_writer.hpp"

#include "runner/script/former_files.hpp"
#include "runner/script/git_repository_writer.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/source_hooks.hpp"

namespace runner::script {

GitStrategy GitSourcesWriter::strategy() const {
    return git_strategy(context_.variables(), context_.payload().allow_git_fetch);
}

bool GitSourcesWriter::brings_sources() const { return script::brings_sources(strategy()); }

void GitSourcesWriter::skip_sources(ShellWriter& writer, GitStrategy strategy) const {
    if (strategy == GitStrategy::kEmpty) {
        writer.notice("Skipping Git repository setup and creating an empty build directory");
        writer.line(remove_project_command(context_));
    } else {
        writer.notice("Skipping Git repository setup");
    }
    writer.line(make_directory_command(context_.project()));
    writer.notice("Skipping Git checkout");
    writer.notice("Skipping Git submodules setup");
}

base::Result<std::string> GitSourcesWriter::get_sources() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    const GitStrategy chosen = strategy();
    if (!script::brings_sources(chosen)) {
        skip_sources(writer, chosen);
        return context_.finish(writer);
    }
    if (auto checked = check_git_settings(context_); !checked) return checked.error();
    context_.use_git(writer);
    writer.line("export GIT_TERMINAL_PROMPT=0 GCM_INTERACTIVE=Never");
    // Before the hooks, which may use git.
    writer.line(clean_repository_command(context_));
    write_source_hook(writer, context_, SourceHook::kPreGetSources);
    writer.line("command -v git > /dev/null || {");
    writer.error(
        "There is no git here, which brings the sources: install it, or set GIT_STRATEGY to none");
    writer.line("exit 1; }");
    GitRepositoryWriter(context_).write(writer, chosen);
    write_source_hook(writer, context_, SourceHook::kPostGetSources);
    return context_.finish(writer);
}

std::string GitSourcesWriter::clear_worktree() const {
    ShellWriter writer;
    writer.line(remove_project_command(context_));
    writer.line(context_.with_job_umask("mkdir -p " + shell_quote(context_.project())));
    return context_.finish(writer);
}

}  // namespace runner::script
