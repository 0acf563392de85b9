#include "runner/commands/command_list.hpp"
#include "runner/commands/shell_completion.hpp"

namespace runner::commands {

namespace {

int completion(const Values& values) {
    const auto& words = values.words();
    const std::string shell = words.size() == 1 ? words.front() : "";
    if (shell == "bash") return print(bash_completion(all_commands())), 0;
    if (shell == "zsh") return print(zsh_completion(all_commands())), 0;
    if (shell == "fish") return print(fish_completion(all_commands())), 0;
    return fail("for which shell? `runner completion` takes one of bash, zsh and fish");
}

}  // namespace

Command completion_command() {
    return {.name = "completion",
            .summary = "a completion script for bash, zsh or fish",
            .usage = "bash|zsh|fish [flags]",
            .description =
                "Prints the script with which a shell completes commands and flags of runner. The "
                "packages install it.",
            .examples =
                "  runner completion bash > /etc/bash_completion.d/runner\n"
                "  runner completion fish > ~/.config/fish/completions/runner.fish\n",
            .flags = {},
            .run = completion,
            .subcommands = {"bash", "zsh", "fish"},
            .takes_words = true};
}

}  // namespace runner::commands
