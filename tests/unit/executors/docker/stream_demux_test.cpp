#include "executors/docker/stream_demux.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using executors::docker::StreamDemux;

std::string frame(char stream, std::string_view content) {
    std::string text{stream, 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += static_cast<char>((content.size() >> static_cast<unsigned>(shift)) & 0xffU);
    }
    return text.append(content);
}

struct Streams {
    std::string output;
    std::string errors;
    bool broken = false;
    bool complete = false;
};

/// Feeds `bytes` in pieces of `size`.
Streams feed(const std::string& bytes, std::size_t size) {
    StreamDemux demux;
    Streams streams;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
        std::string piece = bytes.substr(at, size);
        const auto taken = demux.extract(piece, streams.errors);
        if (!taken) {
            EXPECT_TRUE(taken.error().is(base::ErrorKind::kProtocol));
            streams.broken = true;
            return streams;
        }
        streams.output += piece.substr(0, *taken);
    }
    streams.complete = demux.at_boundary();
    return streams;
}

TEST(StreamDemux, SplitsTheStreamsFromPiecesOfAnySize) {
    const std::string bytes = frame(1, "one") + frame(2, "bad") + frame(1, "") + frame(0, "in") +
                              frame(2, "") + frame(3, "engine") + frame(1, std::string(300, 'x'));
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const Streams streams = feed(bytes, size);
        ASSERT_FALSE(streams.broken) << size;
        ASSERT_EQ(streams.output, "onein" + std::string(300, 'x')) << size;
        ASSERT_EQ(streams.errors, "badengine") << size;
        ASSERT_TRUE(streams.complete) << size;
    }
}

TEST(StreamDemux, MergesTheStreamsInOrderFromPiecesOfAnySize) {
    const std::string bytes =
        frame(1, "one ") + frame(2, "two ") + frame(1, "") + frame(3, "three ") + frame(0, "four");
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        StreamDemux demux;
        std::string merged;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            std::string piece = bytes.substr(at, size);
            const auto taken = demux.merge(piece);
            ASSERT_TRUE(taken.has_value());
            merged += piece.substr(0, *taken);
        }
        ASSERT_EQ(merged, "one two three four") << size;
    }
}

TEST(StreamDemux, DetectsAnIncompleteFrame) {
    const std::string bytes = frame(1, "ab");
    for (std::size_t kept = 1; kept < bytes.size(); ++kept) {
        EXPECT_FALSE(feed(bytes.substr(0, kept), kept).complete) << kept;
        EXPECT_FALSE(feed(bytes.substr(0, kept), 1).complete) << kept;
    }
    EXPECT_EQ(feed(bytes.substr(0, bytes.size() - 1), 4).output, "a");
    EXPECT_TRUE(feed(bytes, 3).complete);
    EXPECT_TRUE(StreamDemux().at_boundary());
}

TEST(StreamDemux, TakesLengthsAsBigEndian) {
    const std::string content(0x010203, 'z');
    EXPECT_EQ(feed(frame(1, content) + frame(1, "!"), 4096).output, content + "!");
}

TEST(StreamDemux, RefusesInvalidHeaders) {
    std::vector<std::string> cases{frame(4, "x"), "HTTP/1.1 400 Bad Request\r\n",
                                   std::string("plain text of a terminal")};
    for (std::size_t i = 1; i < 4; ++i) {
        cases.push_back(frame(1, "x"));
        cases.back()[i] = 1;
    }
    for (const auto& bytes : cases) {
        EXPECT_TRUE(feed(bytes, bytes.size()).broken) << bytes;
        EXPECT_TRUE(feed(frame(1, "good") + bytes, 1).broken) << bytes;
    }
}

TEST(StreamDemux, KeepsABoundedPartOfTheErrors) {
    const std::string noise(StreamDemux::kMaxErrors - 1, 'e');
    const Streams streams = feed(frame(2, noise) + frame(2, "fgh") + frame(1, "out"), 1000);
    EXPECT_EQ(streams.errors, noise + "f");
    EXPECT_EQ(streams.output, "out");
}

}  // namespace
