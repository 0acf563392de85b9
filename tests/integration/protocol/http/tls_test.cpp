#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "protocol/http/certificate_end.hpp"
#include "protocol/http/client.hpp"
#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

class HttpTls : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory_ = new tests::TempDir;
        tests::make_certificates(directory_->path().string());
    }
    static void TearDownTestSuite() { delete directory_; }

    static std::string file(const char* name) { return (directory_->path() / name).string(); }
    static tests::TlsFiles server_files() { return {file("server.pem"), file("server.key"), ""}; }
    static void echo(Peer& peer, int) {
        for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            peer.answer("200 OK", request.body);
        }
    }
    static ClientOptions trusting(const std::string& endpoint) {
        ClientOptions options = options_for(endpoint);
        options.tls.ca_file = file("ca.pem");
        return options;
    }

  private:
    inline static tests::TempDir* directory_ = nullptr;
};

TEST_F(HttpTls, TrustsItsOwnCaFile) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    for (const char* host : {"localhost", "127.0.0.1"}) {
        const auto answers = exchange(trusting(server.url(host)),
                                      {post("/", "1"), post("/", std::string(5U << 20U, 'x'))});
        ASSERT_TRUE(answers[0]) << answers[0].error().message;
        ASSERT_TRUE(answers[1]) << answers[1].error().message;
        EXPECT_EQ(answers[0]->body, "1");
        EXPECT_EQ(answers[1]->body.size(), 5U << 20U);
    }
    EXPECT_EQ(server.connections(), 2);  // session tickets are no reason to drop a connection
}

TEST_F(HttpTls, TrustsACertificateThatIsNoRoot) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    ClientOptions options = options_for(server.url("localhost"));
    options.tls.ca_file = file("server.pem");  // without the authority that has signed it
    const auto answer = exchange(options, post("/", "x"));
    EXPECT_TRUE(answer) << answer.error().message;
    options.tls.ca_file = file("client.pem");  // of the same authority
    EXPECT_FALSE(exchange(options, post("/", "x")));
}

TEST_F(HttpTls, RefusesAnUnknownCa) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    const auto answer = exchange(options_for(server.url("localhost")), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
    EXPECT_THAT(answer.error().message, HasSubstr("localhost:" + std::to_string(server.port())));
    EXPECT_THAT(answer.error().message, HasSubstr("not trusted"));
    EXPECT_THAT(answer.error().message, HasSubstr("tls-ca-file"));
}

TEST_F(HttpTls, RefusesACertificateForAnotherName) {
    const tests::TlsFiles files{file("other.pem"), file("other.key"), ""};
    ScriptedServer server(echo, &files);
    const auto answer = exchange(trusting(server.url("localhost")), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
    EXPECT_THAT(answer.error().message, HasSubstr("the name that the certificate was issued for"));
}

TEST_F(HttpTls, RefusesACertificateThatIsNotForServers) {
    const tests::TlsFiles files{file("client.pem"), file("client.key"), ""};
    ScriptedServer server(echo, &files);
    const auto answer = exchange(trusting(server.url("localhost")), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
    EXPECT_THAT(answer.error().message, HasSubstr("issued for servers"));
}

TEST_F(HttpTls, SkipsVerificationWhenConfigured) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    ClientOptions options = options_for(server.url("localhost"));
    options.tls.verify = false;
    const auto answer = exchange(options, post("/", "x"));
    ASSERT_TRUE(answer) << answer.error().message;
}

TEST_F(HttpTls, PresentsItsClientCertificate) {
    auto files = server_files();
    files.client_ca = file("ca.pem");
    ScriptedServer server(echo, &files);
    ClientOptions options = trusting(server.url("localhost"));
    const auto without = exchange(options, post("/", "x"));
    ASSERT_FALSE(without);
    options.tls.cert_file = file("client.pem");
    options.tls.key_file = file("client.key");
    const auto with = exchange(options, post("/", "x"));
    ASSERT_TRUE(with) << with.error().message;
}

TEST_F(HttpTls, NamesAFileThatCannotBeUsed) {
    ClientOptions options = options_for("https://localhost");
    options.tls.ca_file = file("nothing.pem");
    const auto missing = exchange(options, get("/"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(missing.error().message, HasSubstr("nothing.pem"));
    options.tls = {"", file("client.pem"), file("server.key"), true};
    const auto mixed = exchange(options, get("/"));
    ASSERT_FALSE(mixed);
    EXPECT_THAT(mixed.error().message,
                HasSubstr("server.key\" cannot be used: it does not belong to the certificate"));
}

TEST_F(HttpTls, SaysWhatIsWrongWithAFile) {
    const std::string text = file("text.pem");
    std::ofstream(text) << "no certificate";
    const std::string damaged = file("damaged.pem");
    std::ofstream(damaged) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const std::string locked = file("locked.key");
    const std::string make = "openssl pkey -aes128 -passout pass:secret -in '" +
                             file("client.key") + "' -out '" + locked + "' 2>/dev/null";
    ASSERT_EQ(std::system(make.c_str()), 0);
    const struct {
        TlsSettings tls;
        std::string file;
        std::string why;
    } table[] = {
        {{text, "", "", true}, text, "it has nothing of that kind in PEM form"},
        {{"", text, file("client.key"), true}, text, "it has nothing of that kind in PEM form"},
        {{"", file("client.pem"), text, true}, text, "it has nothing of that kind in PEM form"},
        {{"", damaged, file("client.key"), true}, damaged, "it is damaged"},
        {{"", file("client.pem"), locked, true}, locked, "it is protected by a password"},
        {{"", file("."), file("client.key"), true}, file("."), "it is a directory"},
    };
    for (const auto& row : table) {
        ClientOptions options = options_for("https://localhost");
        options.tls = row.tls;
        const auto answer = exchange(options, get("/"));
        ASSERT_FALSE(answer) << row.why;
        EXPECT_THAT(answer.error().message,
                    HasSubstr("\"" + row.file + "\" cannot be used: " + row.why));
    }
}

TEST_F(HttpTls, TellsWhenACertificateEnds) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    const auto of_file = certificate_file_end(file("server.pem"));
    ASSERT_TRUE(of_file) << of_file.error().message;
    const auto of_ca = certificate_file_end(file("ca.pem"));
    ASSERT_TRUE(of_ca) << of_ca.error().message;
    boost::asio::io_context context;
    const auto end = tests::run_to_end(
        context, certificate_end(context.get_executor(), trusting(server.url("localhost"))));
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(*end, std::min(*of_file, *of_ca)) << "the authority counts, too";
    const auto distrusted = tests::run_to_end(
        context, certificate_end(context.get_executor(), options_for(server.url("localhost"))));
    ASSERT_FALSE(distrusted);
    EXPECT_EQ(distrusted.error().kind, ErrorKind::kUnauthorized);
    EXPECT_FALSE(tests::run_to_end(
        context, certificate_end(context.get_executor(), options_for("http://localhost"))));
    EXPECT_THAT(certificate_file_end(file("server.key")).error().message, HasSubstr("server.key"));
}

TEST_F(HttpTls, AcceptsAnAbruptEndOnlyAfterACompleteMessage) {
    const auto files = server_files();
    ScriptedServer server(
        [](Peer& peer, int connection) {
            peer.read_request();
            if (connection == 1) peer.answer("200 OK", "complete");
            if (connection == 2) peer.write("HTTP/1.1 200 OK\r\n\r\nuntil the e");
            peer.drop();
        },
        &files);
    const auto complete = exchange(trusting(server.url("localhost")), get("/"));
    ASSERT_TRUE(complete) << complete.error().message;
    const auto cut = exchange(trusting(server.url("localhost")), get("/"));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, ErrorKind::kUnavailable);
}

TEST_F(HttpTls, ReportsAPeerWithoutTls) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_some(100);
        peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    const auto answer =
        exchange(options_for("https://localhost:" + std::to_string(server.port())), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("does not speak TLS"));
}

TEST_F(HttpTls, EndsAHandshakeThatStalls) {
    ScriptedServer server([](Peer& peer, int) { peer.read_until("never"); });
    ClientOptions options = options_for("https://localhost:" + std::to_string(server.port()));
    options.handshake_limit = std::chrono::seconds(1);
    const auto answer = exchange(options, get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
    EXPECT_THAT(answer.error().message, HasSubstr("handshake"));
}

base::Task<std::string> chain_after_request(ClientOptions options) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto client = make_client(executor, std::move(options));
    if (!client) co_return client.error().message;
    Request request = get("/");
    auto answer = co_await (*client)->send(std::move(request));
    if (!answer) co_return answer.error().message;
    co_return (*client)->peer_ca_chain();
}

TEST_F(HttpTls, AnswersTheIssuersOfThePeer) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    std::stringstream authority;
    authority << std::ifstream(file("ca.pem")).rdbuf();
    EXPECT_EQ(tests::run_to_end(chain_after_request(trusting(server.url("localhost")))),
              authority.str());
}

base::Task<std::vector<std::string>> request_twice(ClientOptions options, std::string good,
                                                   std::string target) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto client = make_client(executor, std::move(options));
    std::vector<std::string> outcomes;
    for (int round = 0; round < 2; ++round) {
        Request request = post("/", "x");
        auto answer = co_await (*client)->send(std::move(request));
        outcomes.push_back(answer ? answer->body : "refused");
        std::filesystem::copy_file(good, target, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::last_write_time(
            target, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    }
    co_return outcomes;
}

TEST_F(HttpTls, ReadsItsFilesAgainWhenTheyChange) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    const std::string target = file("changing.pem");
    std::filesystem::copy_file(file("client.pem"), target);
    ClientOptions options = options_for(server.url("localhost"));
    options.tls.ca_file = target;
    EXPECT_THAT(tests::run_to_end(request_twice(options, file("ca.pem"), target)),
                testing::ElementsAre("refused", "x"));
}

TEST_F(HttpTls, UsesTheTunnelOfAProxy) {
    const auto files = server_files();
    ScriptedServer server(echo, &files);
    std::string asked;
    ScriptedServer proxy([&](Peer& peer, int) {
        asked = peer.read_until("\r\n\r\n");
        tests::relay(peer, server.port(), "HTTP/1.1 200 Connection established\r\n\r\n");
    });
    const Environment environment(
        {{"HTTPS_PROXY", "http://127.0.0.1:" + std::to_string(proxy.port())}});
    ClientOptions options = trusting("https://gitlab.test:9443");
    options.proxy_from_environment = true;
    options.tls.verify = false;
    const auto answer = exchange(options, post("/", "tunnelled"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "tunnelled");
    EXPECT_THAT(asked, testing::StartsWith("CONNECT gitlab.test:9443 HTTP/1.1\r\n"));
}

TEST_F(HttpTls, ReportsTheRefusalOfAProxy) {
    ScriptedServer proxy([&](Peer& peer, int) {
        peer.read_until("\r\n\r\n");
        peer.answer("407 Proxy Authentication Required", "");
    });
    const Environment environment(
        {{"HTTPS_PROXY", "http://127.0.0.1:" + std::to_string(proxy.port())}});
    ClientOptions options = options_for("https://gitlab.test:9443");
    options.proxy_from_environment = true;
    const auto answer = exchange(options, get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
    EXPECT_THAT(answer.error().message, HasSubstr("407"));
}

}  // namespace
}  // namespace protocol::http
