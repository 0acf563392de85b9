#include "runner/script/runner_program.hpp"

#include <fmt/format.h>

namespace runner::script {

namespace {

/// A word in double quotes in which the shell replaces variables, in all their forms, and nothing
/// else.
std::string expanded_word(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool command = c == '$' && at + 1 < text.size() && text[at + 1] == '(';
        if (c == '\\' || c == '`' || c == '"' || command) out += '\\';
        out += c;
    }
    return out + "\"";
}

}  // namespace

void begin_runner_program(ShellWriter& writer, std::string_view action) {
    writer.line("_runner_program=");
    writer.line("for _runner_name in gitlab-runner gitlab-runner-helper; do");
    writer.line("if [ -z \"$_runner_program\" ] && \"$_runner_name\" --version > /dev/null 2>&1");
    writer.line("then _runner_program=$_runner_name; fi");
    writer.line("done");
    writer.line("if [ -z \"$_runner_program\" ]; then");
    writer.warning(fmt::format("Missing gitlab-runner. {} is disabled.", action));
    writer.line("else");
    writer.line(":");  // nothing may follow
}

void end_runner_program(ShellWriter& writer) { writer.line("fi"); }

RunnerCall::RunnerCall(std::string_view command)
    : arguments_("\"$_runner_program\" " + std::string(command)) {}

RunnerCall& RunnerCall::flag(std::string_view name) {
    arguments_ += fmt::format(" --{}", name);
    return *this;
}

RunnerCall& RunnerCall::flag(std::string_view name, std::string_view value) {
    arguments_ += fmt::format(" --{} {}", name, shell_quote(value));
    return *this;
}

RunnerCall& RunnerCall::expanded(std::string_view name, std::string_view value) {
    arguments_ += fmt::format(" --{} {}", name, expanded_word(value));
    return *this;
}

RunnerCall& RunnerCall::variable(std::string_view name, std::string_view value) {
    variables_ += fmt::format("{}={} ", name, shell_quote(value));
    return *this;
}

std::string RunnerCall::text() const { return variables_ + arguments_; }

}  // namespace runner::script
