#include "runner/script/git_seed_writer.hpp"

#include "base/encoding.hpp"
#include "runner/script/former_files.hpp"

namespace runner::script {

using base::shell_quote;

namespace {

/// Git reads the commit or tag of each ref that the mirror has given.
constexpr const char* kSeedIsWhole =
    "git for-each-ref --format='%(contents:size)' refs/runner-mirror > /dev/null 2>&1";

}  // namespace

/// That there is no remote says nothing: a repository that stays loses its configuration.
void GitSeedWriter::look(ShellWriter& writer) const {
    if (!context_.settings().measures_clone && !has_seed()) return;
    writer.line("[ -e " + shell_quote(context_.project() + "/.git/HEAD") +
                " ] || _runner_clone=${_runner_clone:-server}");
}

void GitSeedWriter::take(ShellWriter& writer) const {
    if (!has_seed()) return;
    writer.line("if [ \"${_runner_clone:-}\" = server ] && " + seed_repository_command(context_) +
                "; then _runner_clone=mirror; fi");
}

/// What the mirror has given may be damaged; then the second fetch shows what the server says. A
/// server that does not answer leaves the repository whole.
void GitSeedWriter::define(ShellWriter& writer) const {
    if (!has_seed()) return;
    writer.line("_runner_first_fetch() {");
    writer.line("_runner_fetch && return");
    writer.line("_runner_code=$?");
    writer.line("[ \"${_runner_clone:-}\" = mirror ] || return \"$_runner_code\"");
    writer.line(std::string("if ") + kSeedIsWhole + "; then return \"$_runner_code\"; fi");
    writer.line("_runner_leave_mirror && _runner_fetch");
    writer.line("}");
    writer.line("_runner_leave_mirror() {");
    writer.notice("The git mirror cannot be used. Fetching everything from the server...");
    writer.line("_runner_clone=damaged");
    commands_.remove_project(writer);
    writer.line("_runner_open");
    writer.line("}");
}

/// The refs of the mirror have told the server what is here already.
void GitSeedWriter::end_fetch(ShellWriter& writer) const {
    if (has_seed()) {
        writer.line("if [ \"${_runner_clone:-}\" = mirror ]; then " +
                    remove_refs_command(" refs/runner-mirror") + "; fi");
    }
    measure(writer);
}

void GitSeedWriter::check_out_again(ShellWriter& writer) const {
    if (!has_seed()) return;
    writer.line("if [ \"${_runner_clone:-}\" = mirror ]; then");
    writer.line("_runner_leave_mirror && _runner_fetch || return");
    measure(writer);
    writer.line("_runner_check_out");
    writer.line("return");
    writer.line("fi");
}

void GitSeedWriter::measure(ShellWriter& writer) const {
    if (!context_.settings().measures_clone) return;
    writer.line("if [ -n \"${_runner_clone:-}\" ]; then " + measure_clone_command(context_) +
                " --clone \"$_runner_clone\" || :; fi");
}

}  // namespace runner::script
