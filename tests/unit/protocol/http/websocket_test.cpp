#include "protocol/http/websocket.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace protocol::http {
namespace {

Request handshake() {
    Request request;
    request.headers.set("Connection", "keep-alive, Upgrade");
    request.headers.set("Upgrade", "WebSocket");
    request.headers.set("Sec-WebSocket-Version", "13");
    request.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    return request;
}

/// A frame as a client sends it.
std::string masked(unsigned first, std::string payload) {
    const std::string mask = "\x11\xfe\x03\x7f";
    std::string frame = websocket_frame(WebSocketKind::kBinary, payload);
    frame.resize(frame.size() - payload.size());
    frame[0] = static_cast<char>(first);
    frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return frame + mask + payload;
}

using Messages = std::vector<std::pair<int, std::string>>;

Messages read_in_pieces(const std::string& bytes, std::size_t piece) {
    WebSocketReader reader(100'000);
    Messages all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto messages = reader.feed(std::string_view(bytes).substr(at, piece));
        if (!messages) return {{-1, messages.error().message}};
        for (const auto& message : *messages) {
            all.emplace_back(static_cast<int>(message.kind), message.payload);
        }
    }
    return all;
}

TEST(WebSocketHandshake, AnswersTheExampleOfTheStandard) {
    ASSERT_TRUE(asks_for_websocket(handshake()));
    const auto answer = websocket_answer(handshake(), {});
    EXPECT_EQ(answer.status, 101U);
    EXPECT_EQ(answer.headers.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(answer.headers.get("Upgrade"), "websocket");
    EXPECT_EQ(chosen_subprotocol(answer), "");
}

TEST(WebSocketHandshake, ChoosesTheFirstSubprotocolThatItKnows) {
    const std::vector<std::string_view> known{"a", "b"};
    const std::vector<std::pair<std::string, std::string>> table{
        {"x, b, a", "b"}, {"a,b", "a"}, {"x", ""}, {"", ""}};
    for (const auto& [wish, chosen] : table) {
        Request request = handshake();
        request.headers.set("Sec-WebSocket-Protocol", wish);
        EXPECT_EQ(chosen_subprotocol(websocket_answer(request, known)), chosen) << wish;
    }
    Request two = handshake();
    two.headers.add("Sec-WebSocket-Protocol", "x");
    two.headers.add("Sec-WebSocket-Protocol", "b");
    EXPECT_EQ(chosen_subprotocol(websocket_answer(two, known)), "b");
}

TEST(WebSocketHandshake, RefusesWhatIsNoHandshake) {
    Request request = handshake();
    request.method = "POST";
    EXPECT_FALSE(asks_for_websocket(request));
    request = handshake();
    request.headers.set("Connection", "keep-alive");
    EXPECT_FALSE(asks_for_websocket(request));
    request = handshake();
    request.headers.set("Upgrade", "h2c");
    EXPECT_FALSE(asks_for_websocket(request));
    request = handshake();
    request.headers.set("Sec-WebSocket-Version", "8");
    EXPECT_EQ(websocket_answer(request, {}).status, 426U);
    EXPECT_EQ(websocket_answer(request, {}).headers.get("Sec-WebSocket-Version"), "13");
    for (const std::string key : {"", "short", "?", "dGhlIHNhbXBsZSBub25jZSBtb3Jl"}) {
        request = handshake();
        request.headers.set("Sec-WebSocket-Key", key);
        EXPECT_EQ(websocket_answer(request, {}).status, 400U) << key;
    }
}

TEST(WebSocketReaderTest, ReadsMessagesOfAllSizesInPiecesOfAnySize) {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 99'999U}) {
        const std::string text(size, 'x');
        const std::string bytes = masked(0x82, text) + masked(0x81, "next");
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
            EXPECT_EQ(read_in_pieces(bytes, piece), (Messages{{2, text}, {1, "next"}})) << size;
        }
    }
}

TEST(WebSocketReaderTest, JoinsFragmentsAndGivesControlFramesBetweenThem) {
    const std::string bytes = masked(0x01, "ab") + masked(0x89, "ping") + masked(0x00, "cd") +
                              masked(0x80, "ef") + masked(0x88, "");
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
        EXPECT_EQ(read_in_pieces(bytes, piece), (Messages{{9, "ping"}, {1, "abcdef"}, {8, ""}}));
    }
}

TEST(WebSocketReaderTest, RefusesWhatNoClientMaySend) {
    const std::string unmasked = websocket_frame(WebSocketKind::kBinary, "x");
    const std::vector<std::pair<std::string, std::string>> table{
        {unmasked, "without mask"},
        {masked(0xc2, "x"), "extension"},
        {masked(0x83, "x"), "unknown kind"},
        {masked(0x8b, "x"), "unknown kind"},
        {masked(0x09, "x"), "control frame"},
        {masked(0x89, std::string(126, 'x')), "control frame"},
        {masked(0x80, "x"), "fragment without its message"},
        {masked(0x02, "x") + masked(0x82, "y"), "fragment without its message"},
    };
    for (const auto& [bytes, why] : table) {
        WebSocketReader reader(1000);
        const auto read = reader.feed(bytes);
        ASSERT_FALSE(read) << why;
        EXPECT_NE(read.error().message.find(why), std::string::npos) << read.error().message;
        EXPECT_EQ(reader.end(), WebSocketEnd::kProtocolError);
    }
}

TEST(WebSocketReaderTest, RefusesALargeMessageBeforeItHasCome) {
    const std::string large = masked(0x82, std::string(1001, 'x')).substr(0, 8);
    const std::string endless = std::string("\x82\xff") + std::string(8, '\xff') + "mask";
    const std::string pieces =
        masked(0x02, std::string(600, 'x')) + masked(0x00, std::string(600, 'x')).substr(0, 8);
    for (const std::string& bytes : {large, endless, pieces}) {
        WebSocketReader reader(1000);
        EXPECT_FALSE(reader.feed(bytes));
        EXPECT_EQ(reader.end(), WebSocketEnd::kTooLarge);
    }
}

TEST(WebSocketFrame, TellsWhyItEnds) {
    EXPECT_EQ(websocket_close(WebSocketEnd::kNormal, "end"),
              std::string("\x88\x05\x03\xe8") + "end");
    EXPECT_EQ(websocket_close(WebSocketEnd::kNormal, std::string(500, 'x')).size(), 2U + 125U);
}

}  // namespace
}  // namespace protocol::http
