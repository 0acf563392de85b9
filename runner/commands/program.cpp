#include "runner/commands/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/help_text.hpp"

namespace runner::commands {

namespace {

std::string version_text() {
    return fmt::format(
        "Version:      {}\nGit revision: {}\nCompatible:   gitlab-runner {}\nOS/Arch:      "
        "linux/{}\n",
        base::version(), base::revision(), base::compatible_version(),
        protocol::gitlab::architecture());
}

int unknown_command(const std::vector<Command>& commands, const std::string& name) {
    std::vector<std::string> names;
    for (const Command& command : commands) names.push_back(command.name);
    const std::string near = base::nearest(name, names);
    return fail(fmt::format("there is no command \"{}\"{}; `runner --help` lists them", name,
                            near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

bool is_global_with_value(const std::string& argument) {
    const std::string name =
        argument.substr(std::min(argument.size(), argument.find_first_not_of('-')));
    const auto flags = global_flags();
    return std::any_of(flags.begin(), flags.end(), [&](const Flag& flag) {
        return flag.kind != Flag::Kind::kBool &&
               std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
    });
}

/// How many arguments stand before the command's name: flags of the program, with their values.
std::size_t leading_flags(const std::vector<std::string>& arguments) {
    std::size_t count = 0;
    while (count < arguments.size() && arguments[count].starts_with('-')) {
        const std::string& argument = arguments[count++];
        const bool has_value = argument.find('=') != std::string::npos;
        if (!has_value && is_global_with_value(argument)) ++count;
    }
    return std::min(count, arguments.size());
}

int run_with(const Command& command, const std::vector<std::string>& arguments) {
    std::vector<Flag> flags = command.flags;
    const auto globals = global_flags();
    flags.insert(flags.end(), globals.begin(), globals.end());
    auto values = parse_arguments(flags, arguments);
    if (!values) {
        fail(fmt::format("{}; see `runner {} --help`", values.error().message, command.name));
        return command.wrong_usage;
    }
    if (values->flag("help")) {
        print(command_help(command));
        return 0;
    }
    if (!values->words().empty() && !command.takes_words) {
        return fail(fmt::format(
            "{} words that are no flags are not expected; a boolean flag takes its value with "
            "\"=\", as in --locked=false",
            values->words().size()));
    }
    if (auto configured = configure_log(*values); !configured) return fail(configured.error());
    return command.run(*values);
}

int run_without_command(const std::vector<Command>& commands,
                        const std::vector<std::string>& arguments) {
    auto flags = global_flags();
    flags.push_back(bool_flag({"version", "v"}, "version"));
    auto values = parse_arguments(flags, arguments);
    if (!values) return fail(values.error());
    print(values->flag("version") ? version_text() : general_help(commands));
    return 0;
}

int dispatch(const std::vector<std::string>& arguments) {
    const std::vector<Command> commands = all_commands();
    const auto split = arguments.begin() + static_cast<std::ptrdiff_t>(leading_flags(arguments));
    std::vector<std::string> given(arguments.begin(), split);
    if (split == arguments.end()) return run_without_command(commands, given);
    const std::string& name = *split;
    const std::vector<std::string> rest(split + 1, arguments.end());
    if (name == "help") {
        if (rest.empty()) return print(general_help(commands)), 0;
        return dispatch({rest.front(), "--help"});
    }
    const auto command = std::find_if(commands.begin(), commands.end(),
                                      [&](const Command& each) { return each.name == name; });
    if (command == commands.end()) return unknown_command(commands, name);
    given.insert(given.end(), rest.begin(), rest.end());
    return run_with(*command, given);
}

/// A result that is lost is a failure: a full disk must not look like an empty list. A reader that
/// has enough and goes is none.
int after_output(int exit_code) {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
    if (errno == EPIPE) return exit_code;
    if (errno == 0) return fail("standard output could not be written");
    return fail(base::errno_error("write to standard output"));
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    return after_output(dispatch(arguments));
}

}  // namespace runner::commands
