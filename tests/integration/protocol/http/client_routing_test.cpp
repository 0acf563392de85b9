// How the client finds the peer: redirects, unix sockets, proxies, addresses.
#include "protocol/http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

TEST(HttpClient, FollowsRedirects) {
    std::vector<Peer::Request> seen;
    ScriptedServer server([&](Peer& peer, int) {
        for (const char* next : {"/two", "three?x=1", ""}) {
            seen.push_back(peer.read_request());
            const std::string where = "Location: " + std::string(next) + "\r\n";
            if (*next != 0) {
                peer.answer("307 Temporary Redirect", "body", where);
            } else {
                peer.answer("200 OK", "there");
            }
        }
    });
    Request request = post("/one", "content");
    request.headers.set("JOB-TOKEN", "t");
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "there");
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[2].line(), "POST /three?x=1 HTTP/1.1");
    EXPECT_EQ(seen[2].body, "content");
    EXPECT_EQ(seen[2].field("JOB-TOKEN"), "t");
}

TEST(HttpClient, SendsNoTokensToAnotherHost) {
    Peer::Request seen;
    ScriptedServer other([&](Peer& peer, int) {
        seen = peer.read_request();
        peer.answer("200 OK", "object");
    });
    ScriptedServer server([&](Peer& peer, int) {
        peer.read_request();
        peer.answer("302 Found", "", "Location: " + other.url() + "/bucket?sig=1\r\n");
    });
    Request request = get("/artifacts");
    request.headers.set("JOB-TOKEN", "secret");
    request.headers.set("Accept", "x/y");
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "object");
    EXPECT_EQ(seen.line(), "GET /bucket?sig=1 HTTP/1.1");
    EXPECT_EQ(seen.field("JOB-TOKEN"), "");
    EXPECT_EQ(seen.field("Accept"), "x/y");
    EXPECT_EQ(seen.field("Host"), "127.0.0.1:" + std::to_string(other.port()));
}

TEST(HttpClient, GivesUpAnEndlessRedirection) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.read_request().empty()) peer.answer("302 Found", "", "Location: /again\r\n");
    });
    const auto answer = exchange(options_for(server.url()), get("/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 302U);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SpeaksOverAUnixSocket) {
    tests::TempDir directory;
    const std::string path = (directory.path() / "sock").string();
    Peer::Request seen;
    ScriptedServer server(path, [&](Peer& peer, int) {
        seen = peer.read_request();
        peer.answer("200 OK", "OK");
    });
    const auto answer = exchange(options_for("unix://" + path), get("/_ping"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "OK");
    EXPECT_EQ(seen.field("Host"), "localhost");
}

TEST(HttpClient, UsesAProxyForHttpExceptForNoProxyHosts) {
    Peer::Request seen;
    ScriptedServer proxy([&](Peer& peer, int) {
        seen = peer.read_request();
        peer.answer("200 OK", "by proxy");
    });
    const Environment environment(
        {{"http_proxy", "http://us%40er:pa%3Ass@127.0.0.1:" + std::to_string(proxy.port())},
         {"no_proxy", "exempt.test"}});
    ClientOptions options = options_for("http://gitlab.test:8080");
    options.proxy_from_environment = true;
    const auto answer = exchange(options, get("/api?x=1"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "by proxy");
    EXPECT_EQ(seen.line(), "GET http://gitlab.test:8080/api?x=1 HTTP/1.1");
    EXPECT_EQ(seen.field("Host"), "gitlab.test:8080");
    EXPECT_EQ(seen.field("Proxy-Authorization"), "Basic dXNAZXI6cGE6c3M=");
    options.endpoint = "http://www.exempt.test";
    const auto direct = exchange(options, get("/"));
    EXPECT_FALSE(direct);
    EXPECT_EQ(proxy.connections(), 1);
}

TEST(HttpClient, ReportsUnusableAddresses) {
    const auto refused =
        exchange(options_for("http://127.0.0.1:" + std::to_string(tests::unused_port())), get("/"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("connect to 127.0.0.1:"));
    EXPECT_THAT(refused.error().message, HasSubstr("nothing listens there"));

    const auto unknown = exchange(options_for("http://no-such-host.invalid"), get("/"));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(unknown.error().message, HasSubstr("\"no-such-host.invalid\" cannot be resolved"));

    const auto no_socket = exchange(options_for("unix:///nowhere/sock"), get("/"));
    ASSERT_FALSE(no_socket);
    EXPECT_EQ(no_socket.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(no_socket.error().message, HasSubstr("/nowhere/sock"));
}

}  // namespace
}  // namespace protocol::http
