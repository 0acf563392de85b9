#include "runner/local/masked_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/local/script_colours.hpp"

namespace runner::local {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
    trace::MaskOptions options;
    options.phrases = {"s3cr3t"};
    std::vector<std::string> got;
    const MaskedLines::OnLine on_line = [&](std::string_view line) { got.emplace_back(line); };
    MaskedLines lines(std::make_shared<const trace::MaskSet>(options), on_line);
    for (const auto& piece : pieces) lines.write(piece);
    lines.close();
    return got;
}

TEST(MaskedLines, GivesWholeLinesWhateverThePiecesAre) {
    EXPECT_THAT(lines_of({"one\ntwo\n"}), ElementsAre("one", "two"));
    EXPECT_THAT(lines_of({"o", "ne\nt", "wo"}), ElementsAre("one", "two"));
    EXPECT_THAT(lines_of({"\n\n"}), ElementsAre("", ""));
}

TEST(MaskedLines, MasksASecretThatIsSplitOverPieces) {
    EXPECT_THAT(lines_of({"a s3c", "r3t b\n"}), ElementsAre("a [MASKED] b"));
}

TEST(MaskedLines, KeepsTheLastTextOfALineThatWasOverwritten) {
    EXPECT_THAT(lines_of({"10%\r50%\r100%\r\n"}), ElementsAre("100%"));
}

TEST(MaskedLines, CutsALineThatDoesNotEnd) {
    const std::string longest(64 * 1024, 'x');
    EXPECT_THAT(lines_of({longest + "y", "z\n"}), ElementsAre(longest + "y", "z"));
}

TEST(MaskedLines, RepairsBytesThatAreNotUtf8) {
    EXPECT_THAT(lines_of({"a\xff\n"}), ElementsAre("a\xef\xbf\xbd"));
}

TEST(ScriptColours, ATextOfTheRunnerIsFoundBehindTheScriptsOwn) {
    const std::string text = "\x1b[32;1m$ make\x1b[0;m";
    EXPECT_EQ(start_of_runner_text(text), 0U);
    EXPECT_EQ(start_of_runner_text("printf" + text), 6U);
    EXPECT_EQ(start_of_runner_text("plain"), std::nullopt);
    EXPECT_EQ(start_of_runner_text("\x1b[32mgreen\x1b[0m"), std::nullopt);
}

TEST(ScriptColours, OnlyTheRunnersOwnColoursAreRemoved) {
    EXPECT_EQ(without_runner_colours("\x1b[32;1m$ make\x1b[0;m"), "$ make");
    EXPECT_EQ(without_runner_colours("\x1b[0;33mNo cache \x1b[0;m "), "No cache");
    EXPECT_EQ(without_runner_colours("\x1b[32mgreen\x1b[0m"), "\x1b[32mgreen\x1b[0m");
    EXPECT_EQ(without_runner_colours("plain "), "plain ");
}

}  // namespace
}  // namespace runner::local
