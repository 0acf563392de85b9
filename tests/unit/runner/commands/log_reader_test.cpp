#include "runner/commands/log_reader.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

std::string read_all(LogReader& reader, std::string_view stream, std::size_t piece) {
    std::string text;
    for (std::size_t i = 0; i < stream.size(); i += piece) {
        const auto read = reader.feed(stream.substr(i, piece));
        EXPECT_TRUE(read) << read.error().message;
        if (read) text += *read;
    }
    return text;
}

TEST(LogReader, PutsTheTextTogether) {
    constexpr std::string_view kStream =
        "id: 6\ndata: \"a\\nb\\u001b[0m\"\n\n: ping\n\nid: 9\ndata: \"\\u00e9!\"\n\n"
        "event: end\ndata: {\"state\":\"failed\",\"reason\":\"script_failure\"}\n\n";
    for (const std::size_t piece : {1UL, 7UL, 1000UL}) {
        LogReader reader(0);
        EXPECT_EQ(read_all(reader, kStream, piece), "a\nb\x1b[0m\xC3\xA9!");
        EXPECT_EQ(reader.offset(), 9U);
        ASSERT_TRUE(reader.end());
        EXPECT_FALSE(reader.end()->success);
        EXPECT_EQ(reader.end()->reason, "script_failure");
    }
}

TEST(LogReader, GoesOnInAnotherStream) {
    LogReader reader(5);
    EXPECT_EQ(read_all(reader, "id: 7\ndata: \"ab\"\n\nid: 8\nda", 3), "ab");
    EXPECT_EQ(reader.offset(), 7U);
    reader.restart();
    EXPECT_EQ(read_all(reader, "id: 8\ndata: \"c\"\n\n", 3), "c");
    EXPECT_FALSE(reader.end());
    EXPECT_EQ(read_all(reader, "event: end\ndata: {\"state\":\"success\"}\n\n", 3), "");
    ASSERT_TRUE(reader.end());
    EXPECT_TRUE(reader.end()->success);
}

TEST(LogReader, RefusesOtherStreams) {
    for (const char* stream : {"id: 1\ndata: text\n\n", "data: \"no id\"\n\n",
                               "id: x\ndata: \"a\"\n\n", "event: end\ndata: []\n\n"}) {
        LogReader reader(0);
        const auto read = reader.feed(stream);
        ASSERT_FALSE(read) << stream;
        EXPECT_EQ(read.error().kind, base::ErrorKind::kProtocol) << stream;
    }
}

}  // namespace
}  // namespace runner::commands
