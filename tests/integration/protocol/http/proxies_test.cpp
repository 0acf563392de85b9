#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "protocol/http/client.hpp"
#include "tests/integration/protocol/http/exchange.hpp"

/// Proxies that are spoken to in TLS, and SOCKS proxies: their side is written here by the RFCs.
namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

void repeat_body(Peer& peer, int) {
    for (auto request = peer.read_request(); !request.empty(); request = peer.read_request())
        peer.answer("200 OK", request.body, "X-Target: " + request.line() + "\r\n");
}

class Proxies : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory_ = new tests::TempDir;
        tests::make_certificates(directory_->path().string());
    }
    static void TearDownTestSuite() { delete directory_; }
    static std::string file(const char* name) { return (directory_->path() / name).string(); }
    static tests::TlsFiles tls() { return {file("server.pem"), file("server.key"), ""}; }

    /// The name is known to the proxy only. The server's certificate is for "localhost".
    static ClientOptions through_proxy(const std::string& endpoint) {
        ClientOptions options = options_for(endpoint);
        options.tls.ca_file = file("ca.pem");
        options.tls.verify = false;
        options.proxy_from_environment = true;
        return options;
    }
    static std::string address(const char* scheme, const ScriptedServer& proxy,
                               const char* login = "") {
        return std::string(scheme) + "://" + login + "localhost:" + std::to_string(proxy.port());
    }

  private:
    inline static tests::TempDir* directory_ = nullptr;
};

/// What a SOCKS proxy does, with or without a login, and what it was asked for.
struct Socks {
    std::uint16_t port = 0;  ///< of the server behind it
    std::string login;       ///< "user:password"; "" for none
    char reply = 0;
    std::string bound = std::string("\x01\0\0\0\0\0\0", 7);
    std::string asked;  ///< the request's bytes after the version

    void operator()(Peer& peer, int) {
        const std::string greeting = peer.read_exactly(2);
        const std::string methods = peer.read_exactly(static_cast<std::size_t>(greeting[1]));
        const char method = login.empty() ? 0 : 2;
        if (methods.find(method) == std::string::npos) return peer.write("\x05\xff");
        peer.write(std::string{5, method});
        if (!login.empty()) {
            std::string given = peer.read_exactly(1);
            given = peer.read_exactly(static_cast<std::size_t>(peer.read_exactly(1)[0]));
            given += ":" + peer.read_exactly(static_cast<std::size_t>(peer.read_exactly(1)[0]));
            peer.write(given == login ? std::string("\x01\0", 2) : std::string("\x01\x01"));
            if (given != login) return;
        }
        asked = peer.read_exactly(4).substr(1);
        if (asked[2] == 1) asked += peer.read_exactly(4);
        if (asked[2] == 4) asked += peer.read_exactly(16);
        if (asked[2] == 3) {
            const std::string size = peer.read_exactly(1);
            asked += size + peer.read_exactly(static_cast<std::size_t>(size[0]));
        }
        asked += peer.read_exactly(2);
        const std::string answer = std::string{5, reply, 0} + bound;
        if (reply != 0) return peer.write(answer);
        tests::relay(peer, port, answer);
    }
};

std::string request_for_name(const std::string& name, std::uint16_t port) {
    std::string out{1, 0, 3, static_cast<char>(name.size())};
    out += name;
    out += static_cast<char>(port >> 8U);
    out += static_cast<char>(port & 0xFFU);
    return out;
}

TEST_F(Proxies, InTlsCarryTlsOfTheServer) {
    const auto files = tls();
    ScriptedServer server(repeat_body, &files);
    std::string asked;
    ScriptedServer proxy(
        [&](Peer& peer, int) {
            asked = peer.read_until("\r\n\r\n");
            tests::relay(peer, server.port(), "HTTP/1.1 200 Connection established\r\n\r\n");
        },
        &files);
    const Environment environment({{"HTTPS_PROXY", address("https", proxy, "u:p@")}});
    const std::string large(3U << 20U, 'x');
    const auto answers =
        exchange(through_proxy("https://gitlab.test:9443"), {post("/", "1"), post("/", large)});
    ASSERT_TRUE(answers[0]) << answers[0].error().message;
    ASSERT_TRUE(answers[1]) << answers[1].error().message;
    EXPECT_EQ(answers[0]->body, "1");
    EXPECT_EQ(answers[1]->body, large);
    EXPECT_THAT(asked, testing::StartsWith("CONNECT gitlab.test:9443 HTTP/1.1\r\n"));
    EXPECT_THAT(asked, HasSubstr("Proxy-Authorization: Basic dTpw\r\n"));
    EXPECT_EQ(proxy.connections(), 1) << "the connection through it is kept";
}

TEST_F(Proxies, InTlsTakePlainRequestsAsTheyAre) {
    const auto files = tls();
    ScriptedServer proxy(repeat_body, &files);
    const Environment environment({{"HTTP_PROXY", address("https", proxy)}});
    const auto answer = exchange(through_proxy("http://gitlab.test:8080"), post("/api", "x"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->headers.get("X-Target"), "POST http://gitlab.test:8080/api HTTP/1.1");
}

TEST_F(Proxies, InTlsMustHaveATrustedCertificate) {
    const auto files = tls();
    ScriptedServer proxy(repeat_body, &files);
    const Environment environment({{"HTTPS_PROXY", address("https", proxy)}});
    ClientOptions options = through_proxy("https://gitlab.test:9443");
    options.tls.ca_file.clear();
    const auto answer = exchange(options, get("/"));
    ASSERT_FALSE(answer) << "verify = false is about the server, not about the proxy";
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
    EXPECT_THAT(answer.error().message, HasSubstr("the proxy " + address("https", proxy)));
    EXPECT_THAT(answer.error().message, HasSubstr("the certificate is not trusted"));
}

TEST_F(Proxies, InTlsThatEndInTheMiddleAreReported) {
    const auto files = tls();
    ScriptedServer proxy([](Peer& peer, int) { peer.read_until("\r\n\r\n"); }, &files);
    const Environment environment({{"HTTPS_PROXY", address("https", proxy)}});
    const auto answer = exchange(through_proxy("https://gitlab.test:9443"), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("the proxy " + address("https", proxy)));
}

TEST_F(Proxies, OfSocksConnectByName) {
    const auto files = tls();
    for (const bool with_tls : {false, true}) {
        ScriptedServer server(repeat_body, with_tls ? &files : nullptr);
        Socks socks;
        socks.port = server.port();
        ScriptedServer proxy([&socks](Peer& peer, int number) { socks(peer, number); });
        const Environment environment(
            {{"HTTP_PROXY", address("socks5h", proxy)}, {"HTTPS_PROXY", address("socks5", proxy)}});
        const std::string endpoint =
            with_tls ? "https://gitlab.test:9443" : "http://gitlab.test:8080";
        const auto answer = exchange(through_proxy(endpoint), post("/x", "body"));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->body, "body");
        EXPECT_EQ(answer->headers.get("X-Target"), "POST /x HTTP/1.1");
        EXPECT_EQ(socks.asked, request_for_name("gitlab.test", with_tls ? 9443 : 8080));
    }
}

TEST_F(Proxies, OfSocksConnectByAddress) {
    ScriptedServer server(repeat_body);
    Socks socks;
    socks.port = server.port();
    socks.bound = std::string("\x03\x04") + "name" + std::string(2, '\0');
    ScriptedServer proxy([&socks](Peer& peer, int number) { socks(peer, number); });
    const Environment environment({{"HTTP_PROXY", address("socks5", proxy)}});
    const std::pair<const char*, std::string> cases[] = {
        {"http://10.1.2.3:80", std::string{1, 0, 1, 10, 1, 2, 3, 0, 80}},
        {"http://[fd00::1]:80",
         std::string{1, 0, 4, '\xfd', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}}};
    for (const auto& [endpoint, bytes] : cases) {
        const auto answer = exchange(through_proxy(endpoint), get("/"));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(socks.asked, bytes) << endpoint;
    }
}

TEST_F(Proxies, OfSocksAreToldUserAndPassword) {
    ScriptedServer server(repeat_body);
    Socks socks;
    socks.port = server.port();
    socks.login = "u:p@ss";
    ScriptedServer proxy([&socks](Peer& peer, int number) { socks(peer, number); });
    struct Case {
        const char* login;
        const char* message;
    };
    const Case cases[] = {{"u:p%40ss@", ""},
                          {"u:s3cret@", "refuses the user and the password"},
                          {"", "put user:password@ in front of the proxy's host"}};
    for (const Case& one : cases) {
        const Environment environment({{"HTTP_PROXY", address("socks5", proxy, one.login)}});
        const auto answer = exchange(through_proxy("http://gitlab.test"), get("/"));
        EXPECT_EQ(answer.has_value(), *one.message == '\0') << one.login;
        if (answer) continue;
        EXPECT_THAT(answer.error().message, HasSubstr(one.message));
        EXPECT_THAT(answer.error().message, HasSubstr("the proxy " + address("socks5", proxy)));
        EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("s3cret")));
    }
}

TEST_F(Proxies, OfSocksSayWhyTheyDoNotConnect) {
    struct Case {
        char reply;
        ErrorKind kind;
        const char* message;
    };
    const Case cases[] = {{2, ErrorKind::kForbidden, "gitlab.test:80: its rules do not allow it"},
                          {4, ErrorKind::kUnavailable, "it cannot reach the host"},
                          {6, ErrorKind::kTimeout, "no answer in time"},
                          {99, ErrorKind::kUnavailable, "it failed"}};
    for (const Case& one : cases) {
        Socks socks;
        socks.reply = one.reply;
        ScriptedServer proxy([&socks](Peer& peer, int number) { socks(peer, number); });
        const Environment environment({{"HTTP_PROXY", address("socks5", proxy)}});
        const auto answer = exchange(through_proxy("http://gitlab.test"), get("/"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, one.kind) << answer.error().message;
        EXPECT_THAT(answer.error().message, HasSubstr(one.message));
    }
}

TEST_F(Proxies, OfSocksThatAreNoneAreReported) {
    const std::pair<const char*, const char*> cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SOCKS 5"},
        {"", "does it speak SOCKS 5?"},
        {"\x05", "does it speak SOCKS 5?"}};
    for (const auto& [said, message] : cases) {
        ScriptedServer proxy([said = std::string(said)](Peer& peer, int) {
            peer.read_exactly(3);
            peer.write(said);
        });
        const Environment environment({{"HTTP_PROXY", address("socks5", proxy)}});
        const auto answer = exchange(through_proxy("http://gitlab.test"), get("/"));
        ASSERT_FALSE(answer);
        EXPECT_THAT(answer.error().message, HasSubstr(message));
    }
}

TEST_F(Proxies, ThatWantALoginForPlainRequestsAreReported) {
    ScriptedServer proxy([](Peer& peer, int) {
        peer.read_request();
        peer.answer("407 Proxy Authentication Required", "<html>login</html>");
    });
    const std::pair<const char*, const char*> cases[] = {
        {"", "407 Proxy Authentication Required; put user:password@"},
        {"u:s3cret@", "are the user and the password of the proxy right?"}};
    for (const auto& [login, message] : cases) {
        const Environment environment({{"HTTP_PROXY", address("http", proxy, login)}});
        const auto answer = exchange(through_proxy("http://gitlab.test"), get("/"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, ErrorKind::kUnauthorized);
        EXPECT_THAT(answer.error().message, HasSubstr(message));
        EXPECT_THAT(answer.error().message,
                    HasSubstr("gitlab.test:80 through the proxy " + address("http", proxy)));
    }
}

/// A proxy that says nothing more: the time limit ends it.
TEST_F(Proxies, ThatHangAreLeftInTime) {
    const auto files = tls();
    const std::pair<const char*, const char*> cases[] = {
        {"socks5", "did not connect to gitlab.test:443 in time"},
        {"http", "did not open a tunnel to gitlab.test:443 in time"},
        {"https", "did not open a tunnel to gitlab.test:443 in time"}};
    for (const auto& [scheme, message] : cases) {
        ScriptedServer proxy([](Peer& peer, int) { peer.read_until("never"); },
                             scheme == std::string("https") ? &files : nullptr);
        const Environment environment({{"HTTPS_PROXY", address(scheme, proxy)}});
        ClientOptions options = through_proxy("https://gitlab.test");
        options.connect_limit = std::chrono::seconds(1);
        const auto answer = exchange(options, get("/"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
        EXPECT_THAT(answer.error().message, HasSubstr(message));
    }
}

}  // namespace
}  // namespace protocol::http
