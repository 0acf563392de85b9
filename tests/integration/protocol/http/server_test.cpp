#include "protocol/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <list>
#include <stdexcept>
#include <thread>

#include "tests/support/http/raw_socket.hpp"

namespace protocol::http {
namespace {

using base::Task;
using namespace std::chrono_literals;

Task<Response> echo(Request request) {
    Response response;
    response.status = request.target == "/missing" ? 404 : 200;
    response.headers.set("Content-Type", "text/plain");
    response.body = request.method + " " + request.target + " " + request.body;
    if (request.target == "/throws") throw std::runtime_error("broken handler");
    if (request.target == "/large") response.body.resize(64U << 20U, 'x');
    if (request.target == "/slow") co_await base::sleep_for(300ms);
    co_return response;
}

/// A server that runs on its own thread, so that the test may block.
class Running {
  public:
    explicit Running(ServerOptions options = {}) {
        options.host = "127.0.0.1";
        auto made = Server::listen(context_.get_executor(), options, echo);
        if (!made) throw std::runtime_error(made.error().message);
        server_ = std::move(*made);
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    void stop(std::chrono::milliseconds grace = 2000ms) {
        if (!thread_.joinable()) return;
        boost::asio::co_spawn(context_, server_->stop(grace), [](const std::exception_ptr&) {});
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  private:
    boost::asio::io_context context_{1};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

TEST(HttpServer, AnswersRequestsOnOneConnection) {
    Running server;
    tests::RawSocket peer(server.port());
    peer.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_until("GET /a "), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
    peer.write("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    const std::string second = peer.read_until("POST /b abc");
    EXPECT_THAT(second, testing::HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(second, testing::EndsWith("POST /b abc"));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    Running server;
    tests::RawSocket peer(server.port());
    peer.write(
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: "
        "close\r\n\r\n");
    const std::string all = peer.read_to_end();
    EXPECT_LT(all.find("GET /1 "), all.find("GET /2 "));
    EXPECT_NE(all.find("GET /2 "), std::string::npos);
}

TEST(HttpServer, ReadsRequestsThatComeByteByByte) {
    Running server;
    tests::RawSocket peer(server.port());
    peer.dribble("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_until("GET /a "), testing::HasSubstr("200 OK"));
}

TEST(HttpServer, LeavesTheBodyOutForHead) {
    Running server;
    tests::RawSocket peer(server.port());
    peer.write("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string all = peer.read_to_end();
    EXPECT_THAT(all, testing::HasSubstr("Content-Length: 8\r\n"));
    EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST(HttpServer, ClosesForHttp10AndForConnectionClose) {
    Running server;
    tests::RawSocket old(server.port());
    old.write("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_THAT(old.read_to_end(), testing::HasSubstr("Connection: close"));
}

TEST(HttpServer, RefusesWhatIsTooLargeOrNotHttp) {
    ServerOptions options;
    options.max_header_bytes = 1000;
    options.max_body_bytes = 10;
    Running server(options);
    tests::RawSocket large_header(server.port());
    large_header.write("GET /a HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n");
    EXPECT_THAT(large_header.read_to_end(), testing::StartsWith("HTTP/1.1 431 "));
    tests::RawSocket large_body(server.port());
    large_body.write("POST /a HTTP/1.1\r\nContent-Length: 11\r\n\r\n01234567890");
    EXPECT_THAT(large_body.read_to_end(), testing::StartsWith("HTTP/1.1 413 "));
    tests::RawSocket chunked(server.port());
    chunked.write(
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n");
    EXPECT_THAT(chunked.read_to_end(), testing::StartsWith("HTTP/1.1 413 "));
    tests::RawSocket nonsense(server.port());
    nonsense.write("\x16\x03\x01 this is not HTTP\r\n\r\n");
    EXPECT_THAT(nonsense.read_to_end(), testing::StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServer, DropsAPeerThatDoesNotFinishItsRequest) {
    ServerOptions options;
    options.header_limit = 1s;
    Running server(options);
    tests::RawSocket peer(server.port());
    peer.write("GET /a HTTP/1.1\r\nHo");
    EXPECT_EQ(peer.read_to_end(), "");
}

TEST(HttpServer, TurnsAnExceptionOfTheHandlerInto500AndGoesOn) {
    Running server;
    tests::RawSocket peer(server.port());
    peer.write("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_until("Error\n"), testing::StartsWith("HTTP/1.1 500 "));
    peer.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_until("GET /a "), testing::HasSubstr("200 OK"));
}

TEST(HttpServer, FinishesAnAnswerWhenItStops) {
    Running server;
    tests::RawSocket busy(server.port());
    tests::RawSocket idle(server.port());
    busy.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    std::this_thread::sleep_for(100ms);
    server.stop();
    EXPECT_THAT(busy.read_to_end(), testing::HasSubstr("GET /slow"));
    EXPECT_EQ(idle.read_to_end(), "");
}

TEST(HttpServer, StopsInTimeWhenAnAnswerTakesTooLong) {
    Running server;
    tests::RawSocket busy(server.port());
    busy.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    std::this_thread::sleep_for(50ms);
    const auto begin = std::chrono::steady_clock::now();
    server.stop(20ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST(HttpServer, ServesMoreConnectionsThanItsLimit) {
    ServerOptions options;
    options.max_connections = 2;
    Running server(options);
    for (int i = 0; i < 5; ++i) {
        tests::RawSocket peer(server.port());
        peer.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(peer.read_until("GET /a "), testing::HasSubstr("200 OK"));
    }
}

TEST(HttpServer, ANewConnectionEndsTheOneThatWaitsLongest) {
    ServerOptions options;
    options.max_connections = 3;
    Running server(options);
    tests::RawSocket used(server.port());
    used.write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(used.read_until("GET /1 "), testing::HasSubstr("200 OK"));
    tests::RawSocket idle(server.port());
    tests::RawSocket half(server.port());
    half.write("GET /a HTTP/1.1\r\nHo");
    used.write("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(used.read_until("GET /2 "), testing::HasSubstr("200 OK"));
    std::list<tests::RawSocket> fresh;
    for (tests::RawSocket* ended : {&idle, &half}) {
        fresh.emplace_back(server.port());
        fresh.back().write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(fresh.back().read_until("GET /a "), testing::HasSubstr("200 OK"));
        EXPECT_EQ(ended->read_to_end(), "");
        used.write("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(used.read_until("GET /3 "), testing::HasSubstr("200 OK"));
    }
}

TEST(HttpServer, APeerThatDoesNotReadItsAnswerKeepsNobodyOut) {
    ServerOptions options;
    options.max_connections = 1;
    Running server(options);
    tests::RawSocket deaf(server.port());
    deaf.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(deaf.read_until("200 OK"), testing::StartsWith("HTTP/1.1"));
    tests::RawSocket other(server.port());
    other.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(other.read_until("GET /a "), testing::HasSubstr("200 OK"));
}

TEST(HttpServer, ReportsWhyItCannotListen) {
    Running server;
    boost::asio::io_context context;
    ServerOptions options;
    options.host = "127.0.0.1";
    options.port = server.port();
    auto second = Server::listen(context.get_executor(), options, echo);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message,
                testing::HasSubstr("listen on 127.0.0.1:" + std::to_string(server.port())));
    EXPECT_THAT(second.error().message, testing::HasSubstr("in use"));
}

}  // namespace
}  // namespace protocol::http
