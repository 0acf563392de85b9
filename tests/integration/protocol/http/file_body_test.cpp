#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.hpp"
#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

/// Bodies that are read from a file, over plain connections and over TLS.
class HttpFileBody : public testing::TestWithParam<bool> {
  protected:
    HttpFileBody() {
        for (std::size_t i = 0; i < 8U << 20U; ++i)
            text_.push_back(static_cast<char>('a' + i % 23));
        EXPECT_TRUE(base::write_file_atomic(directory_.path() / "file", text_, 0600));
        file_ = base::UniqueFd(::open((directory_.path() / "file").c_str(), O_RDONLY | O_CLOEXEC));
        if (!GetParam()) return;
        tests::make_certificates(directory_.path().string());
        tls_ = {path("server.pem"), path("server.key"), ""};
    }

    std::string path(const char* name) { return (directory_.path() / name).string(); }
    const tests::TlsFiles* tls() { return GetParam() ? &tls_ : nullptr; }
    ClientOptions options(ScriptedServer& server) {
        ClientOptions options = options_for(server.url("127.0.0.1"));
        if (GetParam()) options.tls.ca_file = path("ca.pem");
        return options;
    }
    Request patch(std::uint64_t offset, std::uint64_t bytes) {
        Request request;
        request.method = "PATCH";
        request.file = base::FilePart{file_.get(), offset, bytes};
        return request;
    }

    tests::TempDir directory_;
    tests::TlsFiles tls_;
    std::string text_;
    base::UniqueFd file_;
};

TEST_P(HttpFileBody, SendsThePartAndNoMore) {
    std::vector<std::string> arrived;
    ScriptedServer server(
        [&](Peer& peer, int) {
            while (true) {
                const auto request = peer.read_request();
                if (request.empty()) return;
                arrived.push_back(request.body);
                peer.answer("200 OK", "");
            }
        },
        tls());
    const std::vector<std::pair<std::uint64_t, std::uint64_t>> parts{
        {3, 1}, {5, 64U << 10U}, {7, (64U << 10U) + 1}, {11, (8U << 20U) - 11}, {0, 0}};
    std::vector<Request> requests;
    for (const auto& [offset, bytes] : parts) requests.push_back(patch(offset, bytes));
    const auto answers = exchange(options(server), requests);
    ASSERT_EQ(arrived.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_TRUE(answers[i]);
        EXPECT_TRUE(arrived[i] == text_.substr(parts[i].first, parts[i].second)) << i;
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST_P(HttpFileBody, AFileThatIsTooShortIsAnErrorAtOnce) {
    ScriptedServer server([](Peer& peer, int) { peer.read_request(); }, tls());
    for (const std::uint64_t bytes : {std::uint64_t{10}, std::uint64_t{1} << 20U}) {
        const auto answer = exchange(options(server), patch(text_.size() - 5, bytes));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, ErrorKind::kInternal);
        EXPECT_THAT(answer.error().message, HasSubstr("the file is shorter"));
    }
}

TEST_P(HttpFileBody, AnEarlyAnswerIsTheResult) {
    ScriptedServer server(
        [](Peer& peer, int) {
            peer.read_until("\r\n\r\n");
            peer.answer("413 Payload Too Large", "too much");
            // If the peer closed with unread bytes, its answer would be lost.
            while (!peer.read_some(64U << 10U).empty()) continue;
        },
        tls());
    const auto answer = exchange(options(server), patch(0, text_.size()));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 413U);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpFileBody, testing::Bool(),
                         [](const auto& of) { return of.param ? "Tls" : "Plain"; });

}  // namespace
}  // namespace protocol::http
