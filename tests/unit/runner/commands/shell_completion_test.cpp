#include "runner/commands/shell_completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/commands/manual_page.hpp"

namespace runner::commands {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Command> commands() {
    return {{.name = "wait",
             .summary = "wait: don't [hurry]",
             .usage = "long|short [flags]",
             .description = "Waits.\n.5 seconds.",
             .examples = "  runner wait --for 3\n",
             .flags = {text_flag({"input", "i"}, "FILE", "read it", "INPUT"),
                       text_flag({"for"}, "SECONDS", "how long"), bool_flag({"secret"}, "")},
             .run = {},
             .subcommands = {"long", "short"},
             .takes_words = true}};
}

TEST(Completion, OfBashKnowsWhichFlagsTakeFiles) {
    const std::string text = bash_completion(commands());
    EXPECT_THAT(text, HasSubstr("--input | -i) COMPREPLY=($(compgen -f -- \"$current\"))"));
    EXPECT_THAT(text, HasSubstr("words='long short --input --for --debug"));
    EXPECT_THAT(text, Not(HasSubstr("--secret")));
}

TEST(Completion, OfZshQuotesWhatItsArgumentsGiveAMeaning) {
    const std::string text = zsh_completion(commands());
    EXPECT_THAT(text, HasSubstr("'wait:wait\\: don'\\''t \\[hurry\\]'"));
    EXPECT_THAT(text, HasSubstr("'--input[read it]:FILE:_files'"));
    EXPECT_THAT(text, HasSubstr("'1: :(long short)'"));
}

TEST(Completion, OfFishHasALineForEachFlag) {
    const std::string text = fish_completion(commands());
    EXPECT_THAT(text, HasSubstr("-a wait -d 'wait: don\\'t [hurry]'\n"));
    EXPECT_THAT(text, HasSubstr("from wait' -l input -s i -r -F -d 'read it'\n"));
    EXPECT_THAT(text, HasSubstr("from wait' -l for -x -d 'how long'\n"));
}

TEST(ManualPage, OfACommandHasItsDescription) {
    const std::string text = command_manual(commands().front());
    EXPECT_THAT(text, HasSubstr(".TH \"runner\\-wait\" 1 "));
    EXPECT_THAT(text, HasSubstr(".SH DESCRIPTION\nWaits.\n\\&.5 seconds.\n"));
    EXPECT_THAT(text, HasSubstr(".TP\n\\fB\\-\\-input\\fR, \\fB\\-i\\fR \\fIFILE\\fR\nread it\n"
                                "(environment: \\fBINPUT\\fR)\n"));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(ManualPage, OfTheProgramListsTheCommands) {
    const std::string text = program_manual(commands());
    EXPECT_THAT(text, HasSubstr(".TP\n\\fBwait\\fR\nwait: don't [hurry]\n"));
    EXPECT_THAT(text, HasSubstr(".BR runner\\-wait (1),\n"));
}

}  // namespace
}  // namespace runner::commands
