#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runner::script {

/// Where a shell is looked for, the first that exists is used (job-runtime.md §4.3).
const std::vector<std::string>& shell_candidates();

/// One word that every POSIX shell reads back as `text`: nothing is quoted that need not be, everything else
/// goes between single quotes. Bytes of value 0, which no shell can hold, are left out.
std::string quote(std::string_view text);

/// Collects the body of a stage's script, line by line.
class ShellText {
  public:
    /// Text as it is, as lines of their own.
    ShellText& raw(std::string_view text);
    /// A command whose words are quoted.
    ShellText& command(const std::vector<std::string>& words);
    /// Words joined and quoted, not yet a line: for conditions and redirections around them.
    static std::string words(const std::vector<std::string>& words);
    /// Lines that the stage prints itself (§3.1).
    ShellText& print(std::string_view text);
    ShellText& notice(std::string_view text);   ///< bold green
    ShellText& warning(std::string_view text);  ///< yellow
    ShellText& error(std::string_view text);    ///< bold red
    /// NAME=value, exported.
    ShellText& set(std::string_view name, std::string_view value);
    /// Makes `path` hold exactly `content`; its directory exists.
    ShellText& write_file(std::string_view path, std::string_view content, bool only_for_owner);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }

  private:
    ShellText& coloured(std::string_view colour, std::string_view text);

    std::string text_;
};

struct ScriptOptions {
    bool debug_trace = false;  ///< set -o xtrace
};

/// The whole of a stage's script around its body (§4.1): errexit and, where the shell has it, pipefail; standard
/// input is empty for the body; the body's status is the script's; nothing of it is printed when it is killed.
std::string stage_script(std::string_view body, const ScriptOptions& options);

}  // namespace runner::script
