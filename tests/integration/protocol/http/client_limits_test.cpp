// Time limits and cancellation.
#include "protocol/http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

TEST(HttpClient, EndsAnAnswerThatStalls) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n");
        peer.read_until("never");
    });
    ClientOptions options = options_for(server.url());
    options.header_limit = 1s;
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = exchange(options, get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
    EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(HttpClient, EndsABodyThatStalls) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.read_until("never");
    });
    ClientOptions options = options_for(server.url());
    options.total_limit = 1s;
    const auto answer = exchange(options, get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
}

TEST(HttpClient, EndsARequestThatThePeerDoesNotRead) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_until("\r\n\r\n");
        std::this_thread::sleep_for(1500ms);
    });
    ClientOptions options = options_for(server.url());
    options.total_limit = 1s;
    const auto answer = exchange(options, post("/", std::string(64U << 20U, 'x')));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout) << answer.error().message;
}

TEST(HttpClient, CanBeCancelledInEveryWait) {
    const auto stalling = [](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.read_until("never");
    };
    ScriptedServer server(stalling);
    for (const std::string& endpoint : {server.url(), std::string("http://192.0.2.1:81")}) {
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = exchange_until(options_for(endpoint), get("/"), 200ms);
        ASSERT_FALSE(answer);
        EXPECT_THAT(answer.error().kind,
                    testing::AnyOf(ErrorKind::kTimeout, ErrorKind::kUnavailable));
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 1500ms);
    }
}

TEST(HttpClient, DropsConnectionsThatAreTooOld) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.read_request().empty()) peer.answer("200 OK", "x");
    });
    ClientOptions options = options_for(server.url());
    options.idle_limit = 0s;
    const auto answers = exchange(options, {get("/1"), get("/2")});
    EXPECT_TRUE(answers[0] && answers[1]);
    EXPECT_EQ(server.connections(), 2);
}

}  // namespace
}  // namespace protocol::http
