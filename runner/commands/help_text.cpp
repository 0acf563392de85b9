#include "runner/commands/help_text.hpp"

#include <fmt/format.h>

namespace runner::commands {

std::string general_help(const std::vector<Command>& commands) {
    std::string text =
        "runner takes jobs from GitLab and runs them in containers or on this host.\n"
        "\n"
        "Usage: runner [flags] <command> [flags]\n"
        "\n"
        "Commands:\n";
    for (const Command& command : commands)
        text += fmt::format("  {:<14}{}\n", command.name, command.summary);
    text +=
        "  help          how a command is used: `runner help register`\n"
        "\n"
        "Flags:\n" +
        describe_flags(global_flags()) +
        "  --version, -v                   what this program is\n"
        "\n"
        "Examples:\n"
        "  runner register --url https://gitlab.example.com --token \"$TOKEN\" --executor docker "
        "--docker-image alpine\n"
        "  runner run\n"
        "  runner status\n";
    return text;
}

std::string command_help(const Command& command) {
    std::string text = fmt::format("{}\n\nUsage: runner {} {}\n", command.description, command.name,
                                   command.usage);
    if (!command.flags.empty()) text += "\nFlags:\n" + describe_flags(command.flags);
    text += "\nFlags of every command:\n" + describe_flags(global_flags());
    if (!command.examples.empty()) text += "\nExamples:\n" + command.examples;
    return text;
}

}  // namespace runner::commands
