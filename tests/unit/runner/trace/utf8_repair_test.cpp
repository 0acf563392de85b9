#include "runner/trace/utf8_repair.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/trace/text_sink.hpp"

#include <vector>

namespace runner::trace {
namespace {

std::string repaired(const std::vector<std::string>& pieces) {
    Utf8Repair repair;
    Text out;
    for (const auto& piece : pieces) repair.write(piece, out);
    repair.close(out);
    return out.text;
}

void expect_repaired(const std::string& text, const std::string& expected) {
    EXPECT_EQ(repaired({text}), expected);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EXPECT_EQ(repaired({text.substr(0, cut), text.substr(cut)}), expected) << "cut at " << cut;
    }
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    EXPECT_EQ(repaired(bytes), expected) << "byte by byte";
}

TEST(Utf8Repair, LeavesValidTextAlone) {
    expect_repaired("plain", "plain");
    expect_repaired(
        "\xe4\xbd\xa0\xe5\xa5\xbd \xc3\xa9 \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf",
        "\xe4\xbd\xa0\xe5\xa5\xbd \xc3\xa9 \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf");
    const std::string zeros(100, '\0');
    expect_repaired(zeros, zeros);
}

TEST(Utf8Repair, ReplacesEachWrongByte) {
    const std::string bad = "\xEF\xBF\xBD";
    expect_repaired(
        "a\xff"
        "b",
        "a" + bad + "b");
    expect_repaired("\xe4\xbd", bad + bad);
    expect_repaired(
        "\xe4\xbd"
        "A",
        bad + bad + "A");
    expect_repaired("\xc0\x80", bad + bad);
    expect_repaired("\xed\xa0\x80", bad + bad + bad);
    expect_repaired("\xf4\x90\x80\x80", bad + bad + bad + bad);
    expect_repaired("\x80\xe4\xbd\xa0", bad + "\xe4\xbd\xa0");
    expect_repaired("\xe4\xe4\xbd\xa0", bad + "\xe4\xbd\xa0");
}

/// Long texts are checked in blocks: an invalid byte at any position of a block must be treated as
/// in a short text.
TEST(Utf8Repair, FindsWrongBytesAnywhereInLongTexts) {
    const std::vector<std::string> good{
        "a", "\xc3\xa9", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    const std::vector<std::string> bad{"\x80",
                                       "\xff",
                                       "\xc0\x80",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xe4\xbd",
                                       "\xf0\x9f\x98",
                                       "\xc3"};
    const std::string replacement = "\xEF\xBF\xBD";
    for (const auto& filler : good) {
        for (const auto& wrong : bad) {
            for (std::size_t before = 0; before < 70; ++before) {
                std::string text = std::string(before % 5, 'x');
                while (text.size() < before) text += filler;
                const std::string head = text;
                std::string tail = "|";
                for (int i = 0; i < 40; ++i) tail += filler;
                std::string expected = head;
                for (std::size_t i = 0; i < wrong.size(); ++i) expected += replacement;
                ASSERT_EQ(repaired({head + wrong + tail}), expected + tail) << "behind " << before;
                ASSERT_EQ(repaired({head + wrong}), expected) << "at the end, behind " << before;
            }
        }
        std::string text;
        for (int i = 0; i < 100; ++i) text += filler;
        EXPECT_EQ(valid_utf8_length(text), text.size());
    }
}

TEST(Utf8Repair, CutsBetweenCharacters) {
    const std::string text =
        "ab\xe4\xbd\xa0"
        "c";
    EXPECT_EQ(utf8_cut(text, 1), 1U);
    EXPECT_EQ(utf8_cut(text, 2), 2U);
    EXPECT_EQ(utf8_cut(text, 3), 2U);
    EXPECT_EQ(utf8_cut(text, 4), 2U);
    EXPECT_EQ(utf8_cut(text, 5), 5U);
    EXPECT_EQ(utf8_cut(text, 99), 6U);
}

}  // namespace
}  // namespace runner::trace
