#include "runner/script/brought_sources_writer.hpp"

#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/source_hooks.hpp"

namespace runner::script {

std::string BroughtSourcesWriter::before() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    context_.use_git(writer);
    writer.line(clean_repository_command(context_));
    write_source_hook(writer, context_, SourceHook::kPreGetSources);
    return context_.finish(writer);
}

std::string BroughtSourcesWriter::after() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    context_.use_git(writer);
    GitConfigWriter(context_).write(writer);
    writer.line("cd " + shell_quote(context_.project()));
    write_source_hook(writer, context_, SourceHook::kPostGetSources);
    return context_.finish(writer);
}

base::Result<BroughtSources> BroughtSourcesWriter::parts() const {
    if (auto checked = check_git_settings(context_); !checked) return checked.error();
    return BroughtSources{before(), after()};
}

}  // namespace runner::script
