#include "runner/trace/stamped_lines.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace runner::trace {
namespace {

constexpr char kUntouched = '\x7f';

LineHeader header_of(char mark) {
    LineHeader header;
    header.fill(mark);
    return header;
}

struct Copy {
    std::string text;
    std::size_t read;
};

/// Fails when a byte after the room was written to.
Copy copied(const std::string& text, std::size_t room, std::size_t max_line) {
    std::vector<char> target(room + 256, kUntouched);
    const auto done =
        copy_stamped_lines(text, {target.data(), room, max_line}, header_of('<'), header_of('='));
    EXPECT_LE(done.written, room);
    for (std::size_t i = room; i < target.size(); ++i) EXPECT_EQ(target[i], kUntouched) << i;
    return {std::string(target.data(), done.written), done.read};
}

/// A simple implementation of the same.
Copy expected_copy(const std::string& text, std::size_t room, std::size_t max_line) {
    Copy copy{"", 0};
    while (true) {
        const auto end = text.find('\n', copy.read);
        if (end == std::string::npos || end - copy.read > max_line) return copy;
        const std::string line = std::string(kLineHeaderBytes, copy.read == 0 ? '<' : '=') +
                                 text.substr(copy.read, end + 1 - copy.read);
        if (copy.text.size() + line.size() > room) return copy;
        copy.text += line;
        copy.read = end + 1;
    }
}

void expect_same(const std::string& text, std::size_t room, std::size_t max_line) {
    const auto is = copied(text, room, max_line);
    const auto should_be = expected_copy(text, room, max_line);
    EXPECT_EQ(is.text, should_be.text);
    EXPECT_EQ(is.read, should_be.read);
}

TEST(StampedLines, NothingIsCopiedOfALineWithoutEnd) {
    expect_same("", 4096, 100);
    expect_same("no end", 4096, 100);
    expect_same(std::string(500, 'x'), 4096, 1000);
}

TEST(StampedLines, EachLineHasAHeader) {
    EXPECT_EQ(
        copied("a\n\nb\nrest", 4096, 100).text,
        std::string(32, '<') + "a\n" + std::string(32, '=') + "\n" + std::string(32, '=') + "b\n");
}

TEST(StampedLines, ALineThatIsTooLongEndsTheCopy) {
    for (const std::size_t length : {99U, 100U, 101U, 300U}) {
        expect_same("first\n" + std::string(length, 'x') + "\nlast\n" + std::string(200, 'y'), 4096,
                    100);
        expect_same(std::string(length, 'x') + "\nlast\n" + std::string(200, 'y'), 4096, 100);
    }
}

TEST(StampedLines, NothingButLineEnds) { expect_same(std::string(3000, '\n'), 32 * 1024, 100); }

TEST(StampedLines, RandomLinesInRandomRoom) {
    std::mt19937 numbers(7);
    const auto below = [&](std::size_t limit) { return numbers() % limit; };
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        const std::size_t typical = 1 + below(200);
        for (std::size_t lines = below(60); lines > 0; --lines) {
            text += std::string(below(typical), static_cast<char>('a' + below(26))) + "\n";
        }
        text += std::string(below(100), 'z');
        expect_same(text, below(8000), 1 + below(250));
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace runner::trace
