#include "runner/commands/manual_page.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "runner/config/schema.hpp"

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

std::string head(const std::string& name, int section, const std::string& summary) {
    return fmt::format(".TH \"{}\" {} \"\" \"runner {}\" \"runner\"\n.SH NAME\n{} \\- {}\n",
                       roff(name), section, roff(base::version()), roff(name), roff(summary));
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

std::string key_entry(const config::Key& key) {
    std::string text = fmt::format(".TP\n\\fB{}\\fR = \\fI{}\\fR\n{}\n", roff(key.name),
                                   roff(config::expectation(key.type)), roff(key.help));
    if (!key.choices.empty()) text += fmt::format("(one of {})\n", roff(key.choices));
    if (!key.fallback.empty()) text += fmt::format("(default: {})\n", roff(key.fallback));
    return text;
}

/// A table of the file with the keys that have an effect; "" when there is none.
std::string table_section(const config::Section& table) {
    std::string entries;
    for (const config::Key& key : table.keys) {
        if (key.set != nullptr) entries += key_entry(key);
    }
    if (entries.empty()) return "";
    std::string title = table.path.empty() ? "TOP OF THE FILE" : fmt::format("[{}]", table.path);
    if (table.repeated) title = "[" + title + "]";
    return ".SH \"" + roff(title) + "\"\n" + entries;
}

std::string examples(const std::string& lines) {
    return lines.empty() ? "" : ".SH EXAMPLES\n.nf\n" + roff(lines) + ".fi\n";
}

}  // namespace

std::string program_manual(const std::vector<Command>& commands) {
    std::string text = head("runner", 1, "take jobs from GitLab and run them");
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
    pages.emplace_back(".BR runner\\-config.toml (5)");
    return text + ".SH SEE ALSO\n" + base::join(pages, ",\n") + "\n";
}

std::string configuration_manual() {
    std::string text = head("runner-config.toml", 5, "configuration of runner");
    text +=
        ".SH DESCRIPTION\n"
        "The file is TOML in the format of the official runner. It is\n"
        ".I /etc/gitlab\\-runner/config.toml\n"
        "for root and\n"
        ".I ~/.gitlab\\-runner/config.toml\n"
        "for others. It holds tokens, so its mode is 0600. The daemon reads it again when it "
        "changes; running jobs keep the configuration with which they started. A file with an "
        "error is refused as a whole:\n"
        ".B runner config lint\n"
        "prints everything that is wrong with it. Keys of the official runner that are not listed "
        "here are accepted and have no effect.\n";
    for (const config::Section& table : config::sections()) text += table_section(table);
    return text + ".SH SEE ALSO\n.BR runner (1),\n.BR runner\\-register (1)\n";
}

std::string command_manual(const Command& command) {
    std::string text = head("runner-" + command.name, 1, command.summary);
    text +=
        fmt::format(".SH SYNOPSIS\n.B runner {}\n{}\n", roff(command.name), roff(command.usage));
    text += ".SH DESCRIPTION\n" + roff(command.description) + "\n";
    text += flag_section("OPTIONS", command.flags);
    text += flag_section("OPTIONS OF EVERY COMMAND", global_flags());
    return text + examples(command.examples) + ".SH SEE ALSO\n.BR runner (1)\n";
}

}  // namespace runner::commands
