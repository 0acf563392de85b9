#include "runner/script/shell_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/runner/script/run_shell.hpp"

namespace {

using runner::script::shell_quote;
using runner::script::ShellWriter;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kAwkward{"",          "plain",      "it's",
                                        "'",         "''",         "$HOME ${X} `id` $(id)",
                                        "a\nb\n",    "\ttab",      "\\n \\\\ \\",
                                        "*",         "-n",         "!history",
                                        "a;b&c|d>e", "\"quoted\"", "Grüße, 世界 \U0001F600",
                                        "#comment",  "~/x",        "\x1b[31mred"};

class Shells : public testing::TestWithParam<tests::Shell> {
  protected:
    void SetUp() override {
        if (!tests::is_installed(GetParam()))
            GTEST_SKIP() << GetParam().words.front() << " is not installed";
    }
    tests::ShellEnd run(const ShellWriter& writer, bool trace = false) {
        return tests::run_shell(GetParam(), writer.script(trace), dir_.path());
    }
    std::string path(const char* name) const { return (dir_.path() / name).string(); }

    tests::TempDir dir_;
};

TEST_P(Shells, QuotedTextArrivesAsItIs) {
    ShellWriter writer;
    std::string expected;
    for (const auto& text : kAwkward) {
        writer.line("printf '<%s>' " + shell_quote(text));
        expected += "<" + text + ">";
    }
    EXPECT_EQ(run(writer).output, expected);
}

TEST_P(Shells, ExportedVariablesArriveAsTheyAre) {
    for (const auto& text : kAwkward) {
        ShellWriter writer;
        writer.export_variable("VALUE", text)
            .line("env | grep -q '^VALUE=' && printf '%s' \"$VALUE\"");
        EXPECT_EQ(run(writer).output, text);
    }
}

TEST_P(Shells, FilesArePrivateAndHaveExactlyTheirContent) {
    for (const auto& text : kAwkward) {
        ShellWriter writer;
        writer.write_file(path("deep/er/file"), text);
        EXPECT_EQ(run(writer).code, 0);
        const auto written = base::read_file(path("deep/er/file"));
        ASSERT_TRUE(written) << written.error().message;
        EXPECT_EQ(*written, text);
        struct stat facts {};
        ASSERT_EQ(::stat(path("deep/er/file").c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    }
}

TEST_P(Shells, AFileReplacesASymbolicLink) {
    ASSERT_TRUE(base::write_file_atomic(path("victim"), "untouched", 0600));
    std::filesystem::create_symlink(path("victim"), path("link"));
    ShellWriter writer;
    writer.write_file(path("link"), "ours");
    EXPECT_EQ(run(writer).code, 0);
    EXPECT_EQ(*base::read_file(path("victim")), "untouched");
    EXPECT_EQ(*base::read_file(path("link")), "ours");
}

TEST_P(Shells, CommandsAreShownAndRun) {
    ShellWriter writer;
    writer.commands({"echo one", "  ", "if true; then\n  echo two\nfi"}, false, false, "x");
    EXPECT_EQ(run(writer).output,
              "\x1b[32;1m$ echo one\x1b[0;m\none\n\n"
              "\x1b[32;1m$ if true; then # collapsed multi-line command\x1b[0;m\ntwo\n");
}

TEST_P(Shells, AShownCommandIsNotInterpreted) {
    ShellWriter writer;
    writer.commands({R"(: '\n \t %s \\' "$HOME" `true`)"}, false, false, "x");
    EXPECT_EQ(run(writer).output, "\x1b[32;1m$ : '\\n \\t %s \\\\' \"$HOME\" `true`\x1b[0;m\n");
}

TEST_P(Shells, CommandsShareOneShell) {
    ShellWriter writer;
    writer.commands({"cd /", "X=5", "f() { echo \"f $X $PWD\"; }", "f"}, false, false, "x");
    EXPECT_THAT(run(writer).output, HasSubstr("f 5 /\n"));
}

TEST_P(Shells, TheFirstFailureEndsTheScriptWithItsCode) {
    ShellWriter writer;
    writer.commands({"echo before", "(exit 42)", "echo behind"}, false, false, "x");
    const auto end = run(writer);
    EXPECT_EQ(end.code, 42);
    EXPECT_THAT(end.output, HasSubstr("\nbefore\n"));
    EXPECT_THAT(end.output, Not(HasSubstr("behind")));
}

TEST_P(Shells, ExitLeavesWithItsCode) {
    for (const int code : {0, 1, 77, 255}) {
        ShellWriter writer;
        writer.commands({"exit " + std::to_string(code), "echo behind"}, false, false, "x");
        const auto end = run(writer);
        EXPECT_EQ(end.code, code);
        EXPECT_THAT(end.output, Not(HasSubstr("\nbehind\n")));
    }
}

TEST_P(Shells, AFailureInAPipeEndsTheScriptIfTheShellHasPipefail) {
    ShellWriter writer;
    writer.commands({"(exit 3) | cat", "echo behind"}, false, false, "x");
    const auto end = run(writer);
    // Debian 12's dash has no pipefail.
    EXPECT_EQ(end.code, GetParam().name == "dash" ? 0 : 3);
}

TEST_P(Shells, CommandsBeforeASyntaxErrorRun) {
    ShellWriter writer;
    writer.commands({"echo before", "if then fi", "echo behind"}, false, false, "x");
    const auto end = run(writer);
    EXPECT_NE(end.code, 0);
    EXPECT_THAT(end.output, HasSubstr("yntax error"));
    EXPECT_THAT(end.output, Not(HasSubstr("\nbehind\n")));
}

TEST_P(Shells, StandardInputIsEmpty) {
    ShellWriter writer;
    writer.commands({"cat; echo end", "read x || echo nothing"}, false, false, "x");
    const auto end = run(writer);
    EXPECT_EQ(end.code, 0);
    EXPECT_THAT(end.output, HasSubstr("\nend\n"));
    EXPECT_THAT(end.output, HasSubstr("\nnothing\n"));
}

TEST_P(Shells, ExitCodesAreCheckedAfterErrexitWasSwitchedOff) {
    for (const bool check : {false, true}) {
        ShellWriter writer;
        writer.commands({"set +e", "(exit 9)", "echo behind"}, check, false, "x");
        const auto end = run(writer);
        EXPECT_EQ(end.code, check ? 9 : 0);
        EXPECT_EQ(end.output.find("\nbehind\n") == std::string::npos, check);
    }
}

TEST_P(Shells, ScriptsMayOverwriteFiles) {
    ShellWriter writer;
    writer.commands({"echo 1 > f", "echo 2 > f", "cat f"}, false, false, "x");
    EXPECT_THAT(run(writer).output, HasSubstr("\n2\n"));
}

TEST_P(Shells, TermEndsTheScript) {
    ShellWriter writer;
    writer.line("kill -TERM 0; sleep 60; echo behind");  // as the supervisor does: the whole group
    const auto end = run(writer);
    EXPECT_NE(end.code, 0);
    EXPECT_THAT(end.output, Not(HasSubstr("behind")));
}

TEST_P(Shells, SectionsSurroundCommandsOfSeveralLines) {
    ShellWriter writer;
    writer.commands({"echo short", "echo a\necho b"}, false, true, "script_step");
    const auto end = run(writer);
    EXPECT_THAT(end.output, testing::ContainsRegex("section_start:[0-9]+:section_script_step_1"));
    EXPECT_THAT(end.output, testing::ContainsRegex("section_end:[0-9]+:section_script_step_1"));
    EXPECT_THAT(end.output, HasSubstr("$ echo a\necho b\x1b[0;m\n"));
    EXPECT_THAT(end.output, Not(HasSubstr("script_step_0")));
}

TEST_P(Shells, TheTimeOfASectionIsInSeconds) {
    const char* const surroundings[] = {
        ":",
        "date() { echo never; }; awk() { echo never; }",
        // An image without date, whose awk counts in nanoseconds.
        "mkdir bin; printf '#!/bin/sh\nexec %s \"$(printf %%s \"$1\" | sed \"s/srand(), "
        "1/1764321234567891234, 1/\")\"\n' $(command -v awk) > bin/awk; chmod +x bin/awk; ln -s "
        "$(command -v sed) bin/; PATH=$PWD/bin",
    };
    for (const char* surrounding : surroundings) {
        ShellWriter writer;
        writer.commands({surrounding, "echo a\necho b"}, false, true, "script_step");
        const std::string output = run(writer).output;
        EXPECT_THAT(output, testing::ContainsRegex("section_start:1[0-9]{9}:section_")) << output;
        EXPECT_THAT(output, testing::ContainsRegex("section_end:1[0-9]{9}:section_")) << output;
    }
}

TEST_P(Shells, ATracePrintsTheCommands) {
    ShellWriter writer;
    writer.line("X=traced; echo $X");
    EXPECT_THAT(run(writer, true).output, HasSubstr("+ echo traced\n"));
}

TEST_P(Shells, AVeryLongScriptRuns) {
    ShellWriter writer;
    std::vector<std::string> lines(3000, ": " + std::string(100, 'x'));
    lines.emplace_back("echo reached");
    writer.commands(lines, false, false, "x");
    EXPECT_THAT(run(writer).output, HasSubstr("\nreached\n"));
}

INSTANTIATE_TEST_SUITE_P(All, Shells, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
