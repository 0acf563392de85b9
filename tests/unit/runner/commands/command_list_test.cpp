#include "runner/commands/command_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/files.hpp"
#include "runner/commands/help_text.hpp"

namespace runner::commands {
namespace {

using testing::HasSubstr;

TEST(CommandList, NamesAreUnique) {
    std::set<std::string> names;
    for (const Command& command : all_commands())
        EXPECT_TRUE(names.insert(command.name).second) << command.name;
}

TEST(CommandList, EveryCommandDescribesItself) {
    for (const Command& command : all_commands()) {
        EXPECT_FALSE(command.summary.empty()) << command.name;
        EXPECT_FALSE(command.description.empty()) << command.name;
        EXPECT_THAT(command.usage, HasSubstr("[flags]")) << command.name;
        EXPECT_THAT(command.examples, testing::StartsWith("  runner " + command.name))
            << command.name;
        EXPECT_TRUE(command.run) << command.name;
    }
}

TEST(CommandList, AFlagNameMeansOneFlagOfACommand) {
    for (const Command& command : all_commands()) {
        std::set<std::string> names;
        auto flags = command.flags;
        for (const Flag& flag : global_flags()) flags.push_back(flag);
        for (const Flag& flag : flags) {
            for (const auto& name : flag.names)
                EXPECT_TRUE(names.insert(name).second) << command.name << " --" << name;
        }
    }
}

/// Flags without a help text are accepted for scripts that are written for the official program.
const std::set<std::string> kSilentFlags{"cpuprofile", "syslog"};

TEST(CommandList, EveryFlagOfOursHasAHelpText) {
    for (const Command& command : all_commands()) {
        // These take all keys of config.toml, of which most have no effect here.
        if (command.name == "register" || command.name == "run-single") continue;
        for (const Flag& flag : command.flags) {
            if (command.name == "run" && flag.names.front() == "service") continue;
            if (kSilentFlags.contains(flag.names.front())) continue;
            EXPECT_FALSE(flag.help.empty()) << command.name << " --" << flag.names.front();
        }
    }
}

TEST(CommandList, EveryCommandIsInTheManual) {
    const auto text =
        base::read_file(std::filesystem::path(RUNNER_SOURCE_DIR) / "docs/commands.md");
    ASSERT_TRUE(text);
    for (const Command& command : all_commands())
        EXPECT_THAT(*text, HasSubstr("`" + command.name + "`")) << command.name;
}

TEST(HelpText, ListsCommandsWithTheirSummaries) {
    const std::string help = general_help(all_commands());
    EXPECT_THAT(help, HasSubstr("  register      add a runner: tell GitLab about this machine\n"));
    EXPECT_THAT(help, HasSubstr("  reset-token   get a new authentication token\n"));
}

TEST(HelpText, OfACommandHasUsageFlagsAndExamples) {
    Command command{.name = "wait",
                    .summary = "wait",
                    .usage = "[flags]",
                    .description = "Waits.",
                    .examples = "  runner wait\n",
                    .flags = {{{"long"}, Flag::Kind::kBool, "", "", "wait long"}},
                    .run = {}};
    const std::string help = command_help(command);
    EXPECT_THAT(help, testing::StartsWith("Waits.\n\nUsage: runner wait [flags]\n\nFlags:\n"));
    EXPECT_THAT(help, HasSubstr("  --long                          wait long\n"));
    EXPECT_THAT(help, HasSubstr("\nFlags of every command:\n  --debug"));
    EXPECT_THAT(help, testing::EndsWith("\nExamples:\n  runner wait\n"));
    command.flags.clear();
    command.examples.clear();
    EXPECT_THAT(command_help(command), testing::Not(HasSubstr("\nFlags:\n")));
    EXPECT_THAT(command_help(command), testing::Not(HasSubstr("Examples")));
}

}  // namespace
}  // namespace runner::commands
