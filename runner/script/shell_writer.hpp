#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"

namespace runner::script {

using base::shell_quote;

/// Makes a directory and those above it, and starts no program where it is there already.
std::string make_directory_command(std::string_view path);
/// The same, and changes to it.
std::string enter_directory_command(std::string_view path);

/// Collects the commands of one stage and makes a script of them for bash or any POSIX sh. Pure.
///
/// The shell reads the script from its standard input. The commands must not read that input, so
/// they run in a subshell whose input is /dev/null. They are one quoted eval, so that the commands
/// before a syntax error run, as in the official runner (job-runtime.md §4.1).
class ShellWriter {
  public:
    /// Adds a command as it is, on a line of its own.
    ShellWriter& line(std::string_view command);
    ShellWriter& export_variable(std::string_view name, std::string_view value);
    /// Add a command that prints a line: red, green, yellow, or without colour.
    ShellWriter& error(std::string_view text);
    ShellWriter& notice(std::string_view text);
    ShellWriter& warning(std::string_view text);
    ShellWriter& print(std::string_view text);
    /// Adds commands that write a file with mode 0600 and make its directory.
    ShellWriter& write_file(std::string_view path, std::string_view content);
    /// Adds the commands of a step. Each is printed as "$ command" and then runs as it is. Of a
    /// command of several lines only the first is printed, or with `sections` all of them in a log
    /// section of its own, whose name begins with `prefix`.
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
