#include "runner/script/split_sources_writer.hpp"

#include <sstream>

#include "base/parse.hpp"
#include "runner/script/clean_without_git.hpp"
#include "runner/script/former_files.hpp"
#include "runner/script/git_config.hpp"
#include "runner/script/git_repository_writer.hpp"
#include "runner/script/git_settings.hpp"
#include "runner/script/source_hooks.hpp"

namespace runner::script {

std::string SplitSourcesWriter::file_list() const { return unpacked_file_list(context_.tmp()); }

/// The job chooses these flags, and the host is not the job's.
base::Result<void> SplitSourcesWriter::check_host_flags() const {
    std::istringstream flags(context_.variables().get("GIT_SUBMODULE_UPDATE_FLAGS"));
    for (std::string word; flags >> word;) {
        if (!word.starts_with("--ref")) continue;
        return base::make_error(base::ErrorKind::kConfiguration,
                                "GIT_SUBMODULE_UPDATE_FLAGS: " + word +
                                    " needs git in the job's image: the runner's host has no "
                                    "repository for jobs to refer to");
    }
    return {};
}

std::string SplitSourcesWriter::before() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    writer.line(clean_repository_command(context_));
    write_source_hook(writer, context_, SourceHook::kPreGetSources);
    return context_.finish(writer);
}

/// The host's git gets only those variables of the job that change how git talks.
std::string SplitSourcesWriter::on_host(const GitDirectories& host, GitStrategy strategy) const {
    ShellWriter writer;
    for (const char* name : {"GIT_SSL_NO_VERIFY", "GIT_CURL_VERBOSE", "GIT_TRACE"}) {
        const auto asked = base::parse_bool(context_.variables().get(name));
        if (asked.value_or(false)) writer.export_variable(name, "1");
    }
    const HostGit git(context_, host);
    GitRepositoryWriter(context_, git).write(writer, strategy);
    return context_.finish(writer);
}

std::string SplitSourcesWriter::clean(GitStrategy strategy, bool checkout) const {
    const std::string project = shell_quote(context_.project());
    ShellWriter writer;
    context_.write_job_umask(writer);
    if (strategy == GitStrategy::kClone) writer.line(remove_project_command(context_));
    writer.line("mkdir -p " + project);
    if (strategy == GitStrategy::kFetch && checkout) clean_without_git(writer, context_);
    // The repository that the daemon unpacks replaces this one.
    if (checkout) writer.line("rm -rf " + shell_quote(context_.project() + "/.git"));
    return context_.finish(writer);
}

std::string SplitSourcesWriter::after() const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    const EnvironmentGit git(context_);
    GitConfigWriter(context_, git).write(writer);
    writer.line("cd " + shell_quote(context_.project()));
    write_source_hook(writer, context_, SourceHook::kPostGetSources);
    return context_.finish(writer);
}

base::Result<SplitSources> SplitSourcesWriter::split_sources(const GitDirectories& host) const {
    if (auto checked = check_git_settings(context_); !checked) return checked.error();
    if (auto checked = check_host_flags(); !checked) return checked.error();
    const GitStrategy strategy =
        git_strategy(context_.variables(), context_.payload().allow_git_fetch);
    SplitSources parts;
    parts.checkout = context_.behaviour().flag("GIT_CHECKOUT", true);
    parts.before = before();
    parts.host = on_host(host, strategy);
    parts.clean = clean(strategy, parts.checkout);
    parts.after = after();
    return parts;
}

}  // namespace runner::script
