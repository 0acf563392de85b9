#include "runner/interactive/session_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "base/encoding.hpp"
#include "tests/integration/runner/interactive/session_client.hpp"

namespace runner::interactive {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A shell that says everything again, and ends after "exit".
class EchoShell final : public protocol::http::ByteStream {
  public:
    explicit EchoShell(const boost::asio::any_io_executor& executor) : changed_(executor) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        while (text_.empty() && !ended_) co_await changed_.wait();
        const std::size_t count = std::min(target.size(), text_.size());
        text_.copy(target.data(), count);
        text_.erase(0, count);
        co_return count;
    }
    base::Task<base::Result<void>> write_all(std::string_view bytes) override {
        if (bytes == "exit") ended_ = true;
        if (!ended_) text_ += bytes;
        changed_.notify_all();
        co_return base::Result<void>();
    }
    void shutdown_write() override {}
    void close() override {
        ended_ = true;
        changed_.notify_all();
    }

  private:
    std::string text_;
    bool ended_ = false;
    base::Notifier changed_;
};

class EchoEnvironment final : public Environment {
  public:
    explicit EchoEnvironment(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)) {}

    base::Task<base::Result<Stream>> open_terminal() override {
        if (broken) co_return base::make_error(base::ErrorKind::kIo, "shell not found");
        Stream made = std::make_unique<EchoShell>(executor_);
        co_return std::move(made);
    }
    std::optional<ProxiedPort> find_port(std::string_view service,
                                         std::string_view port) const override {
        if (service != "web") return std::nullopt;
        return ProxiedPort{"web", 80, port == "443"};
    }
    base::Task<base::Result<Stream>> open_port(ProxiedPort) override {
        co_return base::make_error(base::ErrorKind::kIo, "connect to web:80: Connection refused");
    }

    bool broken = false;

  private:
    boost::asio::any_io_executor executor_;
};

/// A server with one session, on a thread of its own.
class SessionServerTest : public testing::Test {
  protected:
    SessionServerTest() {
        auto made = SessionServer::listen(context_.get_executor(), "127.0.0.1:0", "localhost:1");
        if (!made) throw std::runtime_error(made.error().message);
        server_ = std::move(*made);
        session_ = server_->open();
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~SessionServerTest() override { stop(); }

    void stop() {
        if (!thread_.joinable()) return;
        auto stopping = server_->stop();
        boost::asio::co_spawn(context_, std::move(stopping), [](const std::exception_ptr&) {});
        thread_.join();
    }
    template <typename F>
    auto on_server(F function) {
        using Answer = std::invoke_result_t<F>;
        std::promise<Answer> promise;
        boost::asio::post(context_, [&] {
            if constexpr (std::is_void_v<Answer>) {
                function();
                promise.set_value();
            } else {
                promise.set_value(function());
            }
        });
        return promise.get_future().get();
    }
    void attach() {
        on_server([this] { session_->attach(environment_); });
    }
    void end(base::StopReason reason) {
        std::promise<void> ended;
        boost::asio::post(context_, [&] {
            boost::asio::co_spawn(context_, session_->end(reason),
                                  [&](const std::exception_ptr&) { ended.set_value(); });
        });
        ended.get_future().get();
    }
    [[nodiscard]] tests::SessionClient::Options options(const std::string& path = "/exec") const {
        return {.port = server_->port(),
                .certificate = server_->certificate(),
                .target = "/session/" + session_->id() + path,
                .authorization = session_->authorization().reveal(),
                .subprotocol = "terminal.gitlab.com"};
    }
    [[nodiscard]] unsigned status_of(tests::SessionClient::Options wanted) const {
        return tests::SessionClient(std::move(wanted)).shake_hands();
    }
    std::unique_ptr<tests::SessionClient> terminal() {
        auto client = std::make_unique<tests::SessionClient>(options());
        EXPECT_EQ(client->shake_hands(), 101U);
        return client;
    }

    boost::asio::io_context context_{1};
    EchoEnvironment environment_{context_.get_executor()};
    std::unique_ptr<SessionServer> server_;
    std::shared_ptr<Session> session_;
    std::thread thread_;
};

TEST_F(SessionServerTest, AWebSocketIsATerminal) {
    attach();
    auto client = terminal();
    EXPECT_EQ(client->chosen_subprotocol(), "terminal.gitlab.com");
    EXPECT_TRUE(on_server([this] { return session_->has_terminal(); }));
    client->send("some input");
    EXPECT_EQ(client->receive(), "some input");
    client->send("as text", false);
    EXPECT_EQ(client->receive(), "as text");
    client->send("exit");
    EXPECT_EQ(client->receive(), "closed 1000 the shell has ended");
    end(base::StopReason::kAbort);
    EXPECT_FALSE(session_->has_terminal());
}

TEST_F(SessionServerTest, TheOtherSubprotocolIsBase64) {
    attach();
    auto wanted = options();
    wanted.subprotocol = "base64.terminal.gitlab.com";
    tests::SessionClient client(wanted);
    EXPECT_EQ(client.shake_hands(), 101U);
    client.send(base::base64_encode("some input"), false);
    EXPECT_EQ(client.receive(), base::base64_encode("some input"));
    client.send("?", false);
    EXPECT_EQ(client.receive(), "closed 1002 a message is not base64");
}

TEST_F(SessionServerTest, WhoGetsNoTerminal) {
    attach();
    for (const std::string& token : {std::string(), std::string("x"), std::string(64, '0'),
                                     "Bearer " + options().authorization}) {
        auto wrong = options();
        wrong.authorization = token;
        EXPECT_EQ(status_of(wrong), 401U) << token;
    }
    auto unknown = options();
    unknown.target = "/session/" + std::string(64, '0') + "/exec";
    EXPECT_EQ(status_of(unknown), 404U);
    for (const char* path : {"", "/", "/other", "/exec/more", "/proxy/web"}) {
        EXPECT_EQ(status_of(options(path)), 404U) << path;
    }
    EXPECT_THAT(tests::SessionClient(options()).get(), StartsWith("405 "));
}

TEST_F(SessionServerTest, OneTerminalAtATime) {
    attach();
    auto first = terminal();
    EXPECT_EQ(status_of(options()), 423U);
    first->send("still here");
    EXPECT_EQ(first->receive(), "still here");
    first->send("exit");
    EXPECT_THAT(first->receive(), StartsWith("closed 1000"));
    terminal()->hang_up();
}

TEST_F(SessionServerTest, WaitsForTheEnvironment) {
    auto early = std::async(std::launch::async, [this] { return status_of(options()); });
    attach();
    EXPECT_EQ(early.get(), 101U);
}

TEST_F(SessionServerTest, AnEnvironmentWithoutAShellIsNotAvailable) {
    attach();
    environment_.broken = true;
    EXPECT_EQ(status_of(options()), 503U);
    EXPECT_FALSE(on_server([this] { return session_->has_terminal(); }));
}

TEST_F(SessionServerTest, TheEndOfTheJobIsTold) {
    attach();
    auto client = terminal();
    auto ending = std::async(std::launch::async, [this] { end(base::StopReason::kAbort); });
    EXPECT_EQ(client->receive(), "closed 1001 the job has ended");
    ending.get();
    EXPECT_EQ(status_of(options()), 503U);
    on_server([this] { session_.reset(); });
}

TEST_F(SessionServerTest, TheTimeLimitIsTold) {
    attach();
    auto client = terminal();
    auto ending = std::async(std::launch::async, [this] { end(base::StopReason::kTimeout); });
    EXPECT_EQ(client->receive(), "closed 1001 terminal session timed out");
    ending.get();
}

TEST_F(SessionServerTest, AClientThatVanishesFreesTheTerminal) {
    attach();
    terminal()->hang_up();
    std::promise<void> left;
    boost::asio::post(context_, [&] {
        boost::asio::co_spawn(
            context_, session_->wait_disconnected(),
            [&](const std::exception_ptr&, const base::Result<void>&) { left.set_value(); });
    });
    left.get_future().get();
    EXPECT_FALSE(on_server([this] { return session_->has_terminal(); }));
    terminal()->close();
}

TEST_F(SessionServerTest, AMessageThatIsTooLargeEndsTheTerminal) {
    attach();
    auto client = terminal();
    client->send(std::string(100'000, 'x'));
    EXPECT_EQ(client->receive(), "closed 1009 a message is too large");
}

TEST_F(SessionServerTest, PortsThatCannotBeReached) {
    attach();
    EXPECT_THAT(tests::SessionClient(options("/proxy/other/80/")).get(), StartsWith("404 "));
    EXPECT_THAT(tests::SessionClient(options("/proxy/web/443/")).get(), HasSubstr("use http"));
    EXPECT_THAT(tests::SessionClient(options("/proxy/web/80/")).get(),
                HasSubstr("Connection refused"));
}

TEST_F(SessionServerTest, TheServerStopsBesideATerminal) {
    attach();
    auto client = terminal();
    stop();
    EXPECT_THAT(client->receive(), testing::AnyOf(StartsWith("closed"), StartsWith("failed")));
}

}  // namespace
}  // namespace runner::interactive
