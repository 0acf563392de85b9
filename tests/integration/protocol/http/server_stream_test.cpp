#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <atomic>
#include <chrono>
#include <future>
#include <list>
#include <stdexcept>
#include <thread>

#include "base/notifier.hpp"
#include "protocol/http/server.hpp"
#include "tests/support/http/raw_socket.hpp"

namespace protocol::http {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

/// A server that streams, on its own thread. What a source does is named by the path.
class StreamServer {
  public:
    explicit StreamServer(ServerOptions options = {}) : go_(context_.get_executor()) {
        options.host = "127.0.0.1";
        Server::Handler handler = [this](Request request) { return answer(std::move(request)); };
        auto made = Server::listen(context_.get_executor(), options, std::move(handler));
        if (!made) throw std::runtime_error(made.error().message);
        server_ = std::move(*made);
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~StreamServer() { stop(); }
    StreamServer(const StreamServer&) = delete;
    StreamServer& operator=(const StreamServer&) = delete;

    void stop(std::chrono::milliseconds grace = 2000ms) {
        if (!thread_.joinable()) return;
        boost::asio::co_spawn(context_, server_->stop(grace), [](const std::exception_ptr&) {});
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    /// Lets a source that waits give its next piece.
    void go() {
        boost::asio::post(context_, [this] {
            ++allowed_;
            go_.notify_all();
        });
    }
    [[nodiscard]] int asked() const { return asked_; }
    /// Waits until a source that was waiting is gone.
    bool source_has_gone() { return gone_.get_future().wait_for(5s) == std::future_status::ready; }

  private:
    base::Task<Response> answer(Request request) {
        Response response;
        response.status = 200;
        response.headers.set("Content-Type", "text/plain");
        if (request.target == "/plain") {
            response.body = "plain";
            co_return response;
        }
        const std::string kind = request.target;
        response.source = [this, kind] { return piece(kind); };
        co_return response;
    }

    base::Task<base::Result<std::string>> piece(std::string kind) {
        const int number = ++asked_;
        if (kind == "/three") co_return number > 3 ? "" : "piece " + std::to_string(number) + ";";
        if (kind == "/large") co_return std::string(1U << 20U, 'x');
        if (kind == "/fails" && number == 2) {
            co_return base::make_error(base::ErrorKind::kIo, "the disk is gone");
        }
        if (kind == "/fails") co_return "first;";
        auto piece = co_await when_allowed(number);
        co_return piece;
    }

    base::Task<std::string> when_allowed(int number) {
        struct Leave {
            std::promise<void>& gone;
            bool finished = false;
            ~Leave() {
                if (!finished) gone.set_value();
            }
        };
        Leave leave{gone_};
        while (allowed_ < number) {
            co_await go_.wait();
        }
        leave.finished = true;
        co_return "allowed " + std::to_string(number) + ";";
    }

    boost::asio::io_context context_{1};
    base::Notifier go_;
    int allowed_ = 0;
    std::atomic<int> asked_ = 0;
    std::promise<void> gone_;
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

void ask(tests::RawSocket& peer, const std::string& path, const std::string& method = "GET",
         const std::string& version = "1.1") {
    peer.write(method + " " + path + " HTTP/" + version + "\r\nHost: x\r\n\r\n");
}

TEST(HttpServerStream, SendsEachPieceAsAChunkAndEndsTheConnection) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/three");
    const std::string all = peer.read_to_end();
    EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
    EXPECT_THAT(all, testing::Not(HasSubstr("Content-Length")));
    EXPECT_THAT(all,
                EndsWith("\r\n\r\n8\r\npiece 1;\r\n8\r\npiece 2;\r\n8\r\npiece 3;\r\n0\r\n\r\n"));
}

TEST(HttpServerStream, APieceArrivesBeforeTheNextOneIsMade) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/waits");
    for (const auto* piece : {"allowed 1;\r\n", "allowed 2;\r\n"}) {
        server.go();
        EXPECT_THAT(peer.read_until(piece), EndsWith(piece));
    }
}

TEST(HttpServerStream, IsNotChunkedForHttp10) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/three", "GET", "1.0");
    const std::string all = peer.read_to_end();
    EXPECT_THAT(all, testing::Not(HasSubstr("chunked")));
    EXPECT_THAT(all, EndsWith("\r\n\r\npiece 1;piece 2;piece 3;"));
}

TEST(HttpServerStream, HasNoBodyForHead) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/three", "HEAD");
    EXPECT_THAT(peer.read_to_end(), EndsWith("Connection: close\r\n\r\n"));
    EXPECT_EQ(server.asked(), 0);
}

TEST(HttpServerStream, APeerThatGoesAwayEndsTheSource) {
    StreamServer server;
    {
        tests::RawSocket peer(server.port());
        ask(peer, "/waits");
        server.go();
        peer.read_until("allowed 1;\r\n");
    }
    EXPECT_TRUE(server.source_has_gone());
}

TEST(HttpServerStream, AStopEndsTheStreamAtOnce) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/waits");
    server.go();
    peer.read_until("allowed 1;\r\n");
    const auto begin = std::chrono::steady_clock::now();
    server.stop(60s);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
    EXPECT_EQ(peer.read_to_end(), "") << "a body that was cut has no last chunk";
}

TEST(HttpServerStream, APeerThatDoesNotReadIsNotRunAheadOf) {
    StreamServer server;
    tests::RawSocket deaf(server.port());
    ask(deaf, "/large");
    deaf.read_until("\r\n\r\n");
    tests::RawSocket other(server.port());
    ask(other, "/plain");
    EXPECT_THAT(other.read_until("plain"), HasSubstr("200 OK"));
    // Buffers of the kernel take some megabytes.
    EXPECT_LT(server.asked(), 64);
    server.stop(10ms);
}

TEST(HttpServerStream, AFailureCutsTheBody) {
    StreamServer server;
    tests::RawSocket peer(server.port());
    ask(peer, "/fails");
    EXPECT_THAT(peer.read_to_end(), EndsWith("\r\n6\r\nfirst;\r\n"));
}

TEST(HttpServerStream, IdleConnectionsDoNotEndAStream) {
    ServerOptions options;
    options.max_connections = 3;
    StreamServer server(options);
    tests::RawSocket peer(server.port());
    ask(peer, "/waits");
    server.go();
    peer.read_until("allowed 1;\r\n");
    std::list<tests::RawSocket> idle;
    for (int i = 0; i < 10; ++i) {
        idle.emplace_back(server.port());
        ask(idle.back(), "/plain");
        EXPECT_THAT(idle.back().read_until("plain"), EndsWith("plain"));
    }
    server.go();
    EXPECT_THAT(peer.read_until("allowed 2;\r\n"), EndsWith("allowed 2;\r\n"));
}

}  // namespace
}  // namespace protocol::http
