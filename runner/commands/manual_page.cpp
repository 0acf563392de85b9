#include "runner/commands/manual_page.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "base/version.hpp"

namespace runner::commands {

namespace {

/// Text for man(7): a hyphen that can be copied, no requests by accident.
std::string roff(std::string_view text) {
    std::string out;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\'')) out += "\\&";
        line_start = c == '\n';
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
    }
    return out;
}

std::string head(const std::string& name, const std::string& summary) {
    return fmt::format(".TH \"{}\" 1 \"\" \"runner {}\" \"runner\"\n.SH NAME\n{} \\- {}\n",
                       roff(name), roff(base::version()), roff(name), roff(summary));
}

std::string flag_entry(const Flag& flag) {
    std::vector<std::string> names;
    for (const auto& name : flag.names) {
        names.push_back("\\fB" + roff(with_dashes(name)) + "\\fR");
    }
    std::string text = ".TP\n" + base::join(names, ", ");
    if (flag.kind != Flag::Kind::kBool) text += " \\fI" + roff(flag.value) + "\\fR";
    text += "\n" + roff(flag.help);
    if (!flag.env.empty()) text += "\n(environment: \\fB" + roff(flag.env) + "\\fR)";
    return text + "\n";
}

std::string flag_section(const std::string& title, const std::vector<Flag>& flags) {
    std::string entries;
    for (const Flag& flag : flags) {
        if (!flag.help.empty()) entries += flag_entry(flag);
    }
    return entries.empty() ? "" : ".SH " + title + "\n" + entries;
}

std::string examples(const std::string& lines) {
    return lines.empty() ? "" : ".SH EXAMPLES\n.nf\n" + roff(lines) + ".fi\n";
}

}  // namespace

std::string program_manual(const std::vector<Command>& commands) {
    std::string text = head("runner", "take jobs from GitLab and run them");
    text +=
        ".SH SYNOPSIS\n.B runner\n[\\fIflags\\fR] \\fIcommand\\fR [\\fIflags\\fR]\n"
        ".SH DESCRIPTION\n"
        "Takes jobs from GitLab and runs them in containers or on this host.\n"
        ".SH COMMANDS\n";
    std::vector<std::string> pages;
    for (const Command& command : commands) {
        text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(command.name), roff(command.summary));
        pages.push_back(fmt::format(".BR runner\\-{} (1)", roff(command.name)));
    }
    text += flag_section("OPTIONS", global_flags());
    text +=
        ".SH FILES\n.TP\n/etc/gitlab\\-runner/config.toml\n"
        "The configuration when runner runs as root; "
        "~/.gitlab\\-runner/config.toml for other users.\n";
    return text + ".SH SEE ALSO\n" + base::join(pages, ",\n") + "\n";
}

std::string command_manual(const Command& command) {
    std::string text = head("runner-" + command.name, command.summary);
    text +=
        fmt::format(".SH SYNOPSIS\n.B runner {}\n{}\n", roff(command.name), roff(command.usage));
    text += ".SH DESCRIPTION\n" + roff(command.description) + "\n";
    text += flag_section("OPTIONS", command.flags);
    text += flag_section("OPTIONS OF EVERY COMMAND", global_flags());
    return text + examples(command.examples) + ".SH SEE ALSO\n.BR runner (1)\n";
}

}  // namespace runner::commands
