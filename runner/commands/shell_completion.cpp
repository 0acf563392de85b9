#include "runner/commands/shell_completion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

enum class ValueKind { kNone, kFile, kDirectory, kOther };

ValueKind value_kind(const Flag& flag) {
    if (flag.kind == Flag::Kind::kBool) return ValueKind::kNone;
    if (flag.value == "FILE") return ValueKind::kFile;
    return flag.value == "DIRECTORY" ? ValueKind::kDirectory : ValueKind::kOther;
}

/// The flags that help shows, and those of every command.
std::vector<Flag> shown_flags(const Command& command) {
    std::vector<Flag> flags = command.flags;
    const auto globals = global_flags();
    flags.insert(flags.end(), globals.begin(), globals.end());
    std::erase_if(flags, [](const Flag& flag) { return flag.help.empty(); });
    return flags;
}

std::vector<std::string> spellings(const Flag& flag) {
    std::vector<std::string> all;
    for (const auto& name : flag.names) all.push_back(with_dashes(name));
    return all;
}

/// Quotes for bash and zsh.
std::string single_quoted(const std::string& text) {
    return "'" + base::replace_all(text, "'", "'\\''") + "'";
}

/// A word of zsh's _arguments: brackets, colons and backslashes have a meaning there.
std::string zsh_text(std::string text) {
    for (const char* special : {"\\", "[", "]", ":"}) {
        text = base::replace_all(text, special, std::string("\\") + special);
    }
    return text;
}

std::string fish_text(std::string_view text) {
    return "'" + base::replace_all(base::replace_all(text, "\\", "\\\\"), "'", "\\'") + "'";
}

/// The pattern of a `case` with every spelling of the flags with that kind of value; "" for none.
std::string bash_pattern(const std::vector<Flag>& flags, ValueKind kind) {
    std::vector<std::string> words;
    for (const Flag& flag : flags) {
        if (value_kind(flag) != kind) continue;
        const auto all = spellings(flag);
        words.insert(words.end(), all.begin(), all.end());
    }
    return base::join(words, " | ");
}

std::string bash_case_of_command(const Command& command) {
    const auto flags = shown_flags(command);
    std::string text = fmt::format("        {})\n            case $previous in\n", command.name);
    const auto add = [&](ValueKind kind, std::string_view action) {
        const std::string pattern = bash_pattern(flags, kind);
        if (!pattern.empty()) text += fmt::format("                {}) {} ;;\n", pattern, action);
    };
    add(ValueKind::kFile, "COMPREPLY=($(compgen -f -- \"$current\")); return");
    add(ValueKind::kDirectory, "COMPREPLY=($(compgen -d -- \"$current\")); return");
    add(ValueKind::kOther, "return");
    std::vector<std::string> words = command.subcommands;
    for (const Flag& flag : flags) words.push_back(with_dashes(flag.names.front()));
    return text +
           fmt::format("            esac\n            words='{}' ;;\n", base::join(words, " "));
}

std::string zsh_action(const Flag& flag) {
    switch (value_kind(flag)) {
        case ValueKind::kNone: return "";
        case ValueKind::kFile: return ":" + zsh_text(flag.value) + ":_files";
        case ValueKind::kDirectory: return ":" + zsh_text(flag.value) + ":_files -/";
        case ValueKind::kOther: return ":" + zsh_text(flag.value) + ": ";
    }
    return "";
}

/// The words of _arguments for flags, each on a line of its own.
std::string zsh_flags(const std::vector<Flag>& flags) {
    std::string text;
    for (const Flag& flag : flags) {
        const std::string repeat = flag.kind == Flag::Kind::kList ? "*" : "";
        for (const auto& name : spellings(flag)) {
            text +=
                " \\\n                " +
                single_quoted(repeat + name + "[" + zsh_text(flag.help) + "]" + zsh_action(flag));
        }
    }
    return text;
}

std::string zsh_case_of_command(const Command& command) {
    std::string text = fmt::format("        {})\n            _arguments{}", command.name,
                                   zsh_flags(shown_flags(command)));
    if (!command.subcommands.empty()) {
        text +=
            fmt::format(" \\\n                '1: :({})'", base::join(command.subcommands, " "));
    }
    if (command.takes_words) text += " \\\n                '*: :_files'";
    return text + " ;;\n";
}

std::string fish_flag(const Command& command, const Flag& flag) {
    std::string text =
        fmt::format("complete -c runner -n '__fish_seen_subcommand_from {}'", command.name);
    for (const auto& name : flag.names) {
        text += (name.size() == 1 ? " -s " : " -l ") + name;
    }
    switch (value_kind(flag)) {
        case ValueKind::kNone: break;
        case ValueKind::kFile: text += " -r -F"; break;
        case ValueKind::kDirectory: text += " -x -a '(__fish_complete_directories)'"; break;
        case ValueKind::kOther: text += " -x"; break;
    }
    return text + " -d " + fish_text(flag.help) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
    std::vector<std::string> names{"help"};
    std::string cases;
    for (const Command& command : commands) {
        names.push_back(command.name);
        cases += bash_case_of_command(command);
    }
    std::vector<std::string> first = names;
    for (const Flag& flag : shown_flags({})) first.push_back(with_dashes(flag.names.front()));
    return fmt::format(R"(# bash completion for runner
_runner() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command= words= at
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at]}} in
            {}) ((at++)) ;;
            -*) ;;
            *) command=${{COMP_WORDS[at]}}; break ;;
        esac
    done
    COMPREPLY=()
    case $command in
        "") words='{} --version' ;;
        help) words='{}' ;;
{}    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _runner runner
)",
                       bash_pattern(global_flags(), ValueKind::kOther), base::join(first, " "),
                       base::join(names, " "), cases);
}

std::string zsh_completion(const std::vector<Command>& commands) {
    std::string list;
    std::string cases;
    for (const Command& command : commands) {
        list += "        " + single_quoted(command.name + ":" + zsh_text(command.summary)) + "\n";
        cases += zsh_case_of_command(command);
    }
    return fmt::format(R"(#compdef runner
_runner() {{
    local -a commands
    commands=(
{}        'help:how a command is used'
    )
    local context state state_descr line
    local -A opt_args
    # In front of the command, flags of every command.
    _arguments -C -A '-*'{} \
                '--version[what this program is]' \
                '1: :->command' '*:: :->words'
    case $state in
        command) _describe command commands; return ;;
        words) ;;
        *) return ;;
    esac
    case $words[1] in
        help) _describe command commands ;;
{}    esac
}}
_runner "$@"
)",
                       list, zsh_flags(shown_flags({})), cases);
}

std::string fish_completion(const std::vector<Command>& commands) {
    std::string text = "# fish completion for runner\ncomplete -c runner -f\n";
    for (const Command& command : commands) {
        text += fmt::format("complete -c runner -n __fish_use_subcommand -a {} -d {}\n",
                            command.name, fish_text(command.summary));
        for (const auto& word : command.subcommands) {
            text += fmt::format("complete -c runner -n '__fish_seen_subcommand_from {}' -a {}\n",
                                command.name, word);
        }
        for (const Flag& flag : shown_flags(command)) text += fish_flag(command, flag);
    }
    return text;
}

}  // namespace runner::commands
