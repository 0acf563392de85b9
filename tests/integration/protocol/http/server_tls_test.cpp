#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "protocol/http/server.hpp"
#include "tests/integration/protocol/http/exchange.hpp"
#include "tests/support/http/raw_socket.hpp"

namespace protocol::http {
namespace {

using testing::HasSubstr;

base::Task<base::Result<std::string>> next_of(std::shared_ptr<int> given) {
    const int number = ++*given;
    co_return number > 3 ? std::string() : std::to_string(number) + ";";
}

base::Task<Response> answer(Request request) {
    Response response;
    response.status = 200;
    response.body = "plain";
    if (request.target == "/large") response.body.assign(3U << 20U, 'x');
    if (request.target == "/stream") {
        const auto given = std::make_shared<int>(0);
        response.source = [given] { return next_of(given); };
    }
    co_return response;
}

class HttpServerTls : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory_ = new tests::TempDir;
        tests::make_certificates(directory_->path().string());
    }
    static void TearDownTestSuite() { delete directory_; }
    ~HttpServerTls() override { stop(); }

    static std::string file(const char* name) { return (directory_->path() / name).string(); }

    base::Result<void> start(const std::string& certificate, const std::string& key) {
        ServerOptions options;
        options.host = "127.0.0.1";
        options.tls = TlsSettings{.ca_file = {}, .cert_file = certificate, .key_file = key};
        auto made = Server::listen(context_.get_executor(), options, answer);
        if (!made) return made.error();
        server_ = std::move(*made);
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
        return {};
    }
    void stop() {
        if (!thread_.joinable()) return;
        auto stopping = server_->stop(std::chrono::seconds(1));
        boost::asio::co_spawn(context_, std::move(stopping), [](const std::exception_ptr&) {});
        thread_.join();
    }
    [[nodiscard]] std::string get_text(const std::string& target) const {
        ClientOptions options = options_for("https://localhost:" + std::to_string(server_->port()));
        options.tls.ca_file = file("ca.pem");
        auto got = exchange(std::move(options), get(target));
        return got ? got->body : got.error().message;
    }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  private:
    inline static tests::TempDir* directory_ = nullptr;
    boost::asio::io_context context_{1};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

TEST_F(HttpServerTls, AnswersAndStreams) {
    ASSERT_TRUE(start(file("server.pem"), file("server.key")));
    EXPECT_EQ(get_text("/"), "plain");
    EXPECT_EQ(get_text("/large").size(), 3U << 20U);
    EXPECT_EQ(get_text("/stream"), "1;2;3;");
}

TEST_F(HttpServerTls, APeerWithoutTlsGetsNoAnswer) {
    ASSERT_TRUE(start(file("server.pem"), file("server.key")));
    tests::RawSocket peer(port());
    peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer.read_to_end(), testing::Not(HasSubstr("HTTP/1.1")));
    EXPECT_EQ(get_text("/"), "plain");
}

TEST_F(HttpServerTls, TheStartTellsWhatIsWrongWithTheFiles) {
    const auto missing = start(file("none.pem"), file("server.key"));
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("none.pem"));
    const auto half = start(file("server.pem"), "");
    ASSERT_FALSE(half);
    EXPECT_THAT(half.error().message, HasSubstr("needs its key"));
    const auto other = start(file("server.pem"), file("other.key"));
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("other.key"));
}

}  // namespace
}  // namespace protocol::http
