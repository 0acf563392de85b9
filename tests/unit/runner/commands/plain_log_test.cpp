#include "runner/commands/plain_log.hpp"

#include <gtest/gtest.h>

namespace runner::commands {
namespace {

std::string plain(std::string_view log, std::size_t piece) {
    PlainLog reader;
    std::string text;
    for (std::size_t i = 0; i < log.size(); i += piece) text += reader.feed(log.substr(i, piece));
    return text + reader.finish();
}

TEST(PlainLog, LeavesTheStampsOut) {
    struct Case {
        const char* log;
        const char* text;
    };
    const Case cases[] = {
        {"2026-11-28T14:09:56.477771Z 00O one\n2026-11-28T14:09:56.477772Z 01E two\n",
         "one\ntwo\n"},
        {"2026-11-28T14:09:56.477771Z 00O one \n2026-11-28T14:09:56.477772Z 00O+line\n",
         "one line\n"},
        {"2026-11-28T14:09:56.477771Z 00O \n2026-11-28T14:09:56.477772Z 00O \n", "\n\n"},
        {"no stamps\n\n2026 is a year\n", "no stamps\n\n2026 is a year\n"},
        {"2026-11-28T14:09:56.477771Z 00O cut", "cut"},
        {"2026-11-28T14:09:56.4777", "2026-11-28T14:09:56.4777"},
        {"2026-11-28T14:09:56.477771Z 00X other\n", "2026-11-28T14:09:56.477771Z 00X other\n"},
        {"", ""},
    };
    for (const Case& c : cases) {
        for (const std::size_t piece : {1UL, 5UL, 1000UL})
            EXPECT_EQ(plain(c.log, piece), c.text) << c.log << " by " << piece;
    }
}

TEST(PlainLog, ShowsALineBeforeItsEnd) {
    PlainLog reader;
    EXPECT_EQ(reader.feed("2026-11-28T14:09:56.477771Z 00O waiting"), "waiting");
    EXPECT_EQ(reader.feed("\n"), "");
    EXPECT_EQ(reader.feed("2026-11-28T14:09:57.477771Z 00O x"), "\nx");
}

}  // namespace
}  // namespace runner::commands
