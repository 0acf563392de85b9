#include "protocol/http/event_stream.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace protocol::http {
namespace {

using testing::ElementsAre;

std::vector<std::string> events_of(std::string_view stream, std::size_t piece) {
    EventStreamReader reader;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < stream.size(); i += piece) {
        EXPECT_TRUE(reader.feed(stream.substr(i, piece)));
        while (auto event = reader.next())
            seen.push_back(event->type + "|" + event->id + "|" + event->data);
    }
    return seen;
}

struct Case {
    const char* name;
    std::string_view stream;
    std::vector<std::string> events;
};

const Case kCases[] = {
    {"data", "data: hello\n\n", {"message||hello"}},
    {"lines of data are joined", "data: a\ndata:b\ndata\n\n", {"message||a\nb\n"}},
    {"one space belongs to the field", "data:  a\n\n", {"message|| a"}},
    {"id stays for what follows", "id: 5\ndata: a\n\ndata: b\n\n", {"message|5|a", "message|5|b"}},
    {"type counts for one event", "event: end\ndata: {}\n\ndata: x\n\n", {"end||{}", "message||x"}},
    {"no data, no event", "event: end\n\nid: 3\n\ndata: a\n\n", {"message|3|a"}},
    {"empty data is an event", "data\n\n", {"message||"}},
    {"comments and unknown fields", ": ping\nretry: 10\nname: x\ndata: a\n\n", {"message||a"}},
    {"ends of lines",
     "data: a\r\n\r\ndata: b\r\rdata: c\n\n",
     {"message||a", "message||b", "message||c"}},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "data: a\n\n",
     {"message||a"}},
    {"an event without its end", "data: a\n\ndata: b\n", {"message||a"}},
};

TEST(EventStream, IsReadInPiecesOfAnySize) {
    for (const Case& c : kCases) {
        for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL})
            EXPECT_EQ(events_of(c.stream, piece), c.events) << c.name << " by " << piece;
    }
}

TEST(EventStream, RefusesAnEventWithoutEnd) {
    EventStreamReader reader;
    const std::string piece(1U << 20U, 'x');
    base::Result<void> fed;
    for (int i = 0; fed && i < 100; ++i) fed = reader.feed(piece);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().kind, base::ErrorKind::kProtocol);
}

}  // namespace
}  // namespace protocol::http
