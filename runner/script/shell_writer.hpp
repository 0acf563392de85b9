#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"

namespace runner::script {

using base::shell_quote;

/// Writes the body of one stage and wraps it into a script for bash or any POSIX sh. Pure.
///
/// The script arrives on the shell's standard input, so the body runs in a subshell whose own input
/// is /dev/null, as one quoted eval: what comes before a syntax error still runs, as users are used
/// to (job-runtime.md §4.1).
class ShellWriter {
  public:
    /// A command as it is, on a line of its own.
    ShellWriter& line(std::string_view command);
    ShellWriter& export_variable(std::string_view name, std::string_view value);
    /// Prints a line: green, yellow, or as it is.
    ShellWriter& notice(std::string_view text);
    ShellWriter& warning(std::string_view text);
    ShellWriter& print(std::string_view text);
    /// Writes a private file below the project's temporary directory; its directory is made.
    ShellWriter& write_file(std::string_view path, std::string_view content);
    /// The lines of a step: each is shown as "$ command" and then run as it is. A command of
    /// several lines shows its first, or with `sections` all of it in a section of its own named by
    /// `prefix`.
    ShellWriter& commands(const std::vector<std::string>& lines, bool check_exit_codes,
                          bool sections, std::string_view prefix);

    [[nodiscard]] const std::string& body() const { return body_; }
    /// The whole script. `trace`: with xtrace, for CI_DEBUG_TRACE.
    [[nodiscard]] std::string script(bool trace) const;

  private:
    void echo(std::string_view before, std::string_view text, std::string_view after);
    void open_section(std::string_view prefix, std::size_t index, std::string_view command);

    std::string body_;
};

}  // namespace runner::script
