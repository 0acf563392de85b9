#include "runner/script/shell_writer.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"

namespace runner::script {

namespace {

constexpr std::string_view kRed = "\x1b[31;1m";
constexpr std::string_view kGreen = "\x1b[32;1m";
constexpr std::string_view kYellow = "\x1b[0;33m";
constexpr std::string_view kReset = "\x1b[0;m";

/// The seconds since 1970 as a word of the shell. bash 5 has them itself. awk is for images without
/// date; the srand() of some versions gives nanoseconds, which begin with the seconds. `command`:
/// the script may have a function of that name.
constexpr std::string_view kUnixTime =
    "\"${EPOCHSECONDS:-$(command date +%s 2> /dev/null || command awk 'BEGIN { srand(); print "
    "substr(srand(), 1, 10) }')}\"";

constexpr std::string_view kExitCheck =
    "_runner_exit_code=$?; if [ $_runner_exit_code -ne 0 ]; then exit $_runner_exit_code; fi\n";

std::string_view directory_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view(".") : path.substr(0, slash);
}

}  // namespace

ShellWriter& ShellWriter::line(std::string_view command) {
    body_ += command;
    body_ += '\n';
    return *this;
}

ShellWriter& ShellWriter::export_variable(std::string_view name, std::string_view value) {
    return line(fmt::format("export {}={}", name, shell_quote(value)));
}

void ShellWriter::echo(std::string_view before, std::string_view text, std::string_view after) {
    // Not echo: that of dash and busybox interprets backslashes.
    line("printf '%s\\n' " +
         shell_quote(std::string(before) + std::string(text) + std::string(after)));
}

std::string make_directory_command(std::string_view path) {
    return fmt::format("{{ [ -d {0} ] || mkdir -p {0}; }}", shell_quote(path));
}

std::string enter_directory_command(std::string_view path) {
    return make_directory_command(path) + " && cd " + shell_quote(path);
}

ShellWriter& ShellWriter::error(std::string_view text) {
    echo(kRed, text, kReset);
    return *this;
}

ShellWriter& ShellWriter::notice(std::string_view text) {
    echo(kGreen, text, kReset);
    return *this;
}

ShellWriter& ShellWriter::warning(std::string_view text) {
    echo(kYellow, text, kReset);
    return *this;
}

ShellWriter& ShellWriter::print(std::string_view text) {
    echo("", text, "");
    return *this;
}

ShellWriter& ShellWriter::write_file(std::string_view path, std::string_view content) {
    line(make_directory_command(directory_of(path)));
    // An old file is removed first: it may belong to another user, or be a symbolic link.
    line(fmt::format("if [ -e {0} ] || [ -L {0} ]; then rm -f {0}; fi", shell_quote(path)));
    return line(
        fmt::format("(umask 077; printf '%s' {} > {})", shell_quote(content), shell_quote(path)));
}

void ShellWriter::open_section(std::string_view prefix, std::size_t index,
                               std::string_view command) {
    line(fmt::format(
        "printf 'section_start:%s:section_{}_{}[hide_duration=true,collapsed=true]\\r\\033[0K' {}",
        prefix, index, kUnixTime));
    echo(kGreen, "$ " + std::string(command), kReset);
    line(fmt::format("printf 'section_end:%s:section_{}_{}\\r\\033[0K' {}", prefix, index,
                     kUnixTime));
}

ShellWriter& ShellWriter::commands(const std::vector<std::string>& lines, bool check_exit_codes,
                                   bool sections, std::string_view prefix) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view command = base::trim(lines[i]);
        if (command.empty()) {
            print("");
            continue;
        }
        const auto end = command.find('\n');
        if (end == std::string_view::npos) {
            echo(kGreen, "$ " + std::string(command), kReset);
        } else if (sections) {
            open_section(prefix, i, command);
        } else {
            echo(kGreen,
                 "$ " + std::string(command.substr(0, end)) + " # collapsed multi-line command",
                 kReset);
        }
        line(command);
        if (check_exit_codes) body_ += kExitCheck;
    }
    return *this;
}

std::string ShellWriter::script(bool trace) const {
    std::string text = "trap 'exit 1' TERM\n";
    if (trace) text += "set -o xtrace\n";
    // Trying it in a subshell needs no grep, which small images do not have.
    text += "if (set -o pipefail) 2> /dev/null; then set -o pipefail; fi\n";
    text += "set -o errexit\nset +o noclobber\n";
    text += "(trap 'exit 1' TERM; eval " + shell_quote(body_) + ") < /dev/null\n";
    text += "exit 0\n";
    return text;
}

}  // namespace runner::script
