#include "runner/commands/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"

namespace runner::commands {

namespace {

struct Entry {
    std::string_view name;
    std::string_view summary;
    Command (*make)();
};

constexpr Entry kCommands[] = {
    {"register", "add a runner: tell GitLab about this machine", register_command},
    {"run", "ask GitLab for jobs and run them", run_command},
    {"status", "what the daemon on this machine is doing", status_command},
    {"list", "the runners in the configuration", list_command},
    {"verify", "ask GitLab whether the runners are still valid", verify_command},
    {"unregister", "take a runner back", unregister_command},
    {"reset-token", "get a new authentication token", reset_token_command},
    {"lint", "check .gitlab-ci.yml as GitLab does", lint_command},
    {"pipeline", "which jobs a pipeline would get, and why", pipeline_command},
    {"exec", "run jobs of .gitlab-ci.yml on this machine", exec_command},
    {"config", "check config.toml: `config lint`", config_command},
};

const Entry* find(std::string_view name) {
    for (const auto& entry : kCommands) {
        if (entry.name == name) return &entry;
    }
    return nullptr;
}

std::string general_help() {
    std::string text =
        "runner takes jobs from GitLab and runs them in containers or on this host.\n"
        "\n"
        "Usage: runner [flags] <command> [flags]\n"
        "\n"
        "Commands:\n";
    for (const auto& entry : kCommands)
        text += fmt::format("  {:<14}{}\n", entry.name, entry.summary);
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

std::string help_of(const Command& command) {
    std::string text = fmt::format("{}\n\nUsage: runner {} {}\n", command.description, command.name,
                                   command.usage);
    if (!command.flags.empty()) text += "\nFlags:\n" + describe_flags(command.flags);
    text += "\nFlags of every command:\n" + describe_flags(global_flags());
    if (!command.examples.empty()) text += "\nExamples:\n" + command.examples;
    return text;
}

std::string version_text() {
    return fmt::format(
        "Version:      {}\nGit revision: {}\nCompatible:   gitlab-runner {}\nOS/Arch:      "
        "linux/{}\n",
        base::version(), base::revision(), base::compatible_version(),
        protocol::gitlab::architecture());
}

int unknown_command(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& entry : kCommands) names.emplace_back(entry.name);
    const std::string near = base::nearest(name, names);
    return fail(fmt::format("there is no command \"{}\"{}; `runner --help` lists them", name,
                            near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

/// How many arguments in front belong to the program, not to a command.
std::size_t leading_flags(const std::vector<std::string>& arguments) {
    std::size_t count = 0;
    while (count < arguments.size() && arguments[count].starts_with('-')) {
        const std::string& argument = arguments[count++];
        if (argument.find('=') != std::string::npos) continue;
        const std::string name =
            argument.substr(std::min(argument.size(), argument.find_first_not_of('-')));
        for (const auto& flag : global_flags()) {
            const bool named =
                std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
            if (named && flag.kind != Flag::Kind::kBool) ++count;
        }
    }
    return std::min(count, arguments.size());
}

int run_command_with(const Entry& entry, const std::vector<std::string>& arguments) {
    const Command command = entry.make();
    std::vector<Flag> flags = command.flags;
    const auto globals = global_flags();
    flags.insert(flags.end(), globals.begin(), globals.end());
    auto values = parse_arguments(flags, arguments);
    if (!values) {
        fail(fmt::format("{}; see `runner {} --help`", values.error().message, entry.name));
        return command.wrong_usage;
    }
    if (values->flag("help")) {
        print(help_of(command));
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

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    const auto split = static_cast<std::ptrdiff_t>(leading_flags(arguments));
    std::vector<std::string> given(arguments.begin(), arguments.begin() + split);
    if (static_cast<std::size_t>(split) < arguments.size()) {
        const std::string& name = arguments[static_cast<std::size_t>(split)];
        const std::vector<std::string> rest(arguments.begin() + split + 1, arguments.end());
        if (name == "help") {
            if (rest.empty()) return print(general_help()), 0;
            return run_program({rest.front(), "--help"});
        }
        const Entry* entry = find(name);
        if (entry == nullptr) return unknown_command(name);
        given.insert(given.end(), rest.begin(), rest.end());
        return run_command_with(*entry, given);
    }
    auto flags = global_flags();
    flags.push_back({{"version", "v"}, Flag::Kind::kBool, "", "", "version"});
    auto values = parse_arguments(flags, given);
    if (!values) return fail(values.error());
    print(values->flag("version") ? version_text() : general_help());
    return 0;
}

}  // namespace runner::commands
