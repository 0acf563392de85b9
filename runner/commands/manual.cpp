#include <algorithm>

#include "runner/commands/command_list.hpp"
#include "runner/commands/manual_page.hpp"

namespace runner::commands {

namespace {

int manual(const Values& values) {
    const auto& words = values.words();
    const auto commands = all_commands();
    if (words.empty()) return print(program_manual(commands)), 0;
    if (words == std::vector<std::string>{"config.toml"}) return print(configuration_manual()), 0;
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& each) {
        return each.name == words.front();
    });
    if (words.size() != 1 || found == commands.end()) {
        return fail(
            "`runner manual` takes the name of one command, or config.toml; `runner --help` lists "
            "them");
    }
    return print(command_manual(*found)), 0;
}

}  // namespace

Command manual_command() {
    return {
        .name = "manual",
        .summary = "the manual page of a command, for man(1)",
        .usage = "[COMMAND | config.toml] [flags]",
        .description =
            "Prints a manual page in the form that man(1) reads: that of a command, that of the "
            "program, or that of its\n"
            "configuration. The packages install all of them.",
        .examples =
            "  runner manual register | man -l -\n"
            "  runner manual config.toml | man -l -\n",
        .flags = {},
        .run = manual,
        .takes_words = true};
}

}  // namespace runner::commands
