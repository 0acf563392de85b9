#include "runner/interactive/service_proxy.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/memory_stream.hpp"
#include "tests/support/run_to_end.hpp"

namespace runner::interactive {
namespace {

using protocol::http::Request;

TEST(ProxyPath, HasAServiceAPortAndTheRest) {
    const auto whole = parse_proxy_path("web/8080/a%2Fb/c?x=/1");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->service, "web");
    EXPECT_EQ(whole->port, "8080");
    EXPECT_EQ(whole->rest, "/a%2Fb/c?x=/1");
    EXPECT_EQ(parse_proxy_path("web/default_port")->rest, "/");
    EXPECT_EQ(parse_proxy_path("web/80?x")->rest, "/?x");
    EXPECT_EQ(parse_proxy_path("my%2Dweb/80/")->service, "my-web");
    for (const char* wrong : {"", "web", "web?a/b", "/80/", "web//x"}) {
        EXPECT_FALSE(parse_proxy_path(wrong)) << wrong;
    }
}

TEST(ProxiedRequestTest, LeavesOutWhatBelongsToTheClientsConnection) {
    Request request;
    request.method = "POST";
    request.headers.add("Authorization", "the session's");
    request.headers.add("Host", "runner.example.com:8093");
    request.headers.add("Connection", "keep-alive");
    request.headers.add("Transfer-Encoding", "chunked");
    request.headers.add("X-Mine", "1");
    request.body = "body";
    const auto sent = proxied_request(request, "/path?x=1", {"web", 8080, false});
    ASSERT_TRUE(sent);
    EXPECT_FALSE(sent->upgrade);
    EXPECT_EQ(sent->bytes,
              "POST /path?x=1 HTTP/1.1\r\nHost: web:8080\r\nX-Mine: 1\r\nConnection: close\r\n"
              "Content-Length: 4\r\n\r\nbody");
}

TEST(ProxiedRequestTest, KeepsAnUpgrade) {
    Request request;
    request.headers.add("Connection", "keep-alive, Upgrade");
    request.headers.add("Upgrade", "websocket");
    request.headers.add("Sec-WebSocket-Key", "abc");
    const auto sent = proxied_request(request, "/", {"web", 80, false});
    ASSERT_TRUE(sent);
    EXPECT_TRUE(sent->upgrade);
    EXPECT_NE(sent->bytes.find("Connection: Upgrade\r\n"), std::string::npos) << sent->bytes;
    EXPECT_NE(sent->bytes.find("Upgrade: websocket\r\n"), std::string::npos) << sent->bytes;
    EXPECT_NE(sent->bytes.find("Sec-WebSocket-Key: abc\r\n"), std::string::npos) << sent->bytes;
}

class ServiceProxyTest : public testing::Test {
  protected:
    base::Task<bool> run(ProxiedRequest request) {
        ServiceProxy proxy(context_.get_executor(), client_.stream(), service_.stream());
        auto running = proxy.run(std::move(request), ended_);
        co_await std::move(running);
        co_return true;
    }
    base::Task<bool> run_with_peer(ProxiedRequest request, base::Task<void> peer) {
        base::TaskGroup group(context_.get_executor());
        group.spawn("peer", std::move(peer));
        auto running = run(std::move(request));
        const bool ran = co_await std::move(running);
        co_await group.wait();
        co_return ran;
    }

    boost::asio::io_context context_{1};
    tests::MemoryPeer client_{context_.get_executor()};
    tests::MemoryPeer service_{context_.get_executor()};
    base::StopSource ended_;
};

base::Task<void> end_soon(tests::MemoryPeer* service) {
    const std::string request = co_await service->receive(3);
    EXPECT_EQ(request, "GET");
    service->hang_up();
}

TEST_F(ServiceProxyTest, HandsTheAnswerOnAndThenEnds) {
    service_.send("HTTP/1.1 200 OK\r\n\r\nbody");
    auto peer = end_soon(&service_);
    tests::run_to_end(context_, run_with_peer({.bytes = "GET", .upgrade = false}, std::move(peer)));
    EXPECT_EQ(client_.written(), "HTTP/1.1 200 OK\r\n\r\nbody");
    EXPECT_TRUE(client_.is_closed());
}

TEST_F(ServiceProxyTest, AServiceWithoutAnAnswerIsABadGateway) {
    auto peer = end_soon(&service_);
    tests::run_to_end(context_, run_with_peer({.bytes = "GET", .upgrade = false}, std::move(peer)));
    EXPECT_TRUE(client_.written().starts_with("HTTP/1.1 502 ")) << client_.written();
    EXPECT_TRUE(service_.is_closed());
}

TEST_F(ServiceProxyTest, TheEndOfTheJobEndsBothSides) {
    ended_.request(base::StopReason::kAbort);
    tests::run_to_end(context_, run({.bytes = "GET / HTTP/1.1\r\n\r\n", .upgrade = false}));
    EXPECT_TRUE(client_.is_closed());
    EXPECT_TRUE(service_.is_closed());
    EXPECT_EQ(client_.written(), "");
}

base::Task<void> talk(tests::MemoryPeer* service, tests::MemoryPeer* client, std::string head) {
    const std::string request = co_await service->receive(3);
    EXPECT_EQ(request, "GET");
    service->send(head + "first");
    const std::string first = co_await client->receive(head.size() + 5);
    EXPECT_EQ(first, head + "first");
    client->send("question");
    const std::string question = co_await service->receive(8);
    service->send("answer to " + question);
    const std::string answer = co_await client->receive(18);
    EXPECT_EQ(answer, "answer to question");
    service->hang_up();
}

TEST_F(ServiceProxyTest, AnUpgradeIsAConnectionInBothDirections) {
    const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
    auto peer = talk(&service_, &client_, head);
    tests::run_to_end(context_, run_with_peer({.bytes = "GET", .upgrade = true}, std::move(peer)));
    EXPECT_TRUE(client_.is_closed());
}

base::Task<void> refuse(tests::MemoryPeer* service, tests::MemoryPeer* client) {
    const std::string request = co_await service->receive(3);
    EXPECT_EQ(request, "GET");
    const std::string head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    client->send("GET /session/id/exec HTTP/1.1\r\nAuthorization: secret\r\n\r\n");
    service->send(head);
    const std::string answer = co_await client->receive(head.size());
    EXPECT_EQ(answer, head);
    service->hang_up();
}

TEST_F(ServiceProxyTest, WhatFollowsARefusedUpgradeDoesNotReachTheService) {
    auto peer = refuse(&service_, &client_);
    tests::run_to_end(context_, run_with_peer({.bytes = "GET", .upgrade = true}, std::move(peer)));
    EXPECT_EQ(service_.written(), "");
}

}  // namespace
}  // namespace runner::interactive
