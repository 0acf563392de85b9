#include <algorithm>

#include "runner/commands/command_list.hpp"
#include "runner/commands/manual_page.hpp"

namespace runner::commands {

namespace {

int manual(const Values& values) {
    const auto& words = values.words();
    const auto commands = all_commands();
    if (words.empty()) return print(program_manual(commands)), 0;
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& each) {
        return each.name == words.front();
    });
    if (words.size() != 1 || found == commands.end()) {
        return fail("`runner manual` takes the name of one command; `runner --help` lists them");
    }
    return print(command_manual(*found)), 0;
}

}  // namespace

Command manual_command() {
    return {.name = "manual",
            .summary = "the manual page of a command, for man(1)",
            .usage = "[COMMAND] [flags]",
            .description =
                "Prints a manual page in the form that man(1) reads: that of a command, or that of "
                "the program. The packages install\n"
                "all of them.",
            .examples = "  runner manual register | man -l -\n",
            .flags = {},
            .run = manual,
            .takes_words = true};
}

}  // namespace runner::commands
