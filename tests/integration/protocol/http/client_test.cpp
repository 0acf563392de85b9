#include "protocol/http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "tests/support/http/scripted_server.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using base::Result;
using base::Task;
using tests::Peer;
using tests::ScriptedServer;
using Clock = std::chrono::steady_clock;

ClientOptions options_for(const std::string& endpoint) {
    ClientOptions options;
    options.endpoint = endpoint;
    options.user_agent = "test/1";
    return options;
}

/// Sends the requests one after the other with one client.
Task<std::vector<Result<Response>>> send_all(ClientOptions options, std::vector<Request> requests) {
    auto executor = co_await boost::asio::this_coro::executor;
    std::vector<Result<Response>> answers;
    auto client = make_client(executor, std::move(options));
    if (!client) {
        answers.emplace_back(client.error());
        co_return answers;
    }
    for (Request& request : requests) {
        auto answer = co_await (*client)->send(std::move(request));
        answers.push_back(std::move(answer));
    }
    co_return answers;
}

std::vector<Result<Response>> exchange(ClientOptions options, std::vector<Request> requests) {
    return tests::run_to_end(send_all(std::move(options), std::move(requests)));
}

Result<Response> exchange(ClientOptions options, Request request) {
    return exchange(std::move(options), std::vector<Request>{std::move(request)}).front();
}

Request get(std::string target) {
    Request request;
    request.target = std::move(target);
    return request;
}

Request post(std::string target, std::string body) {
    Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
}

TEST(HttpClient, SendsARequestAndReadsItsAnswer) {
    Peer::Request seen;
    ScriptedServer server([&](Peer& peer, int) {
        seen = peer.read_request();
        peer.answer("201 Created", "hello", "X-One: 1\r\n");
    });
    Request request = post("/a/b?c=d", "body");
    request.headers.set("JOB-TOKEN", "abc");
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 201U);
    EXPECT_EQ(answer->reason, "Created");
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->headers.get("x-one"), "1");
    EXPECT_EQ(seen.line(), "POST /a/b?c=d HTTP/1.1");
    EXPECT_EQ(seen.body, "body");
    EXPECT_EQ(seen.field("User-Agent"), "test/1");
    EXPECT_EQ(seen.field("job-token"), "abc");
    EXPECT_EQ(seen.field("Host"), "127.0.0.1:" + std::to_string(server.port()));
}

TEST(HttpClient, KeepsTheConnectionForTheNextRequest) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.read_request().empty()) peer.answer("200 OK", "x");
    });
    const auto answers = exchange(options_for(server.url()), {get("/1"), get("/2"), post("/3", "b")});
    for (const auto& answer : answers) EXPECT_TRUE(answer);
    EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace protocol::http
