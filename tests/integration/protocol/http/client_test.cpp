#include "protocol/http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using tests::Peer;
using tests::ScriptedServer;

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
    const auto answers =
        exchange(options_for(server.url()), {get("/1"), get("/2"), post("/3", "b")});
    for (const auto& answer : answers) EXPECT_TRUE(answer);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReadsAnswersThatComeByteByByte) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.dribble("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        peer.read_request();
        peer.dribble(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n");
    });
    const auto answers = exchange(options_for(server.url()), {get("/1"), get("/2")});
    ASSERT_TRUE(answers[0] && answers[1]);
    EXPECT_EQ(answers[0]->body, "hello");
    EXPECT_EQ(answers[1]->body, "abcde");
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    const auto answer = exchange(options_for(server.url()), get("/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "until the end");
}

TEST(HttpClient, SkipsInterimAnswers) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
        peer.answer("200 OK", "real");
    });
    const auto answer = exchange(options_for(server.url()), get("/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "real");
    EXPECT_FALSE(answer->headers.has("Link"));
}

TEST(HttpClient, ReusesTheConnectionAfterAnswersWithoutABody) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.write("HTTP/1.1 204 No Content\r\n\r\n");
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");  // of a HEAD
        peer.read_request();
        peer.answer("200 OK", "x");
    });
    Request head = get("/2");
    head.method = "HEAD";
    const auto answers = exchange(options_for(server.url()), {get("/1"), head, get("/3")});
    ASSERT_TRUE(answers[0] && answers[1] && answers[2]);
    EXPECT_EQ(answers[0]->status, 204U);
    EXPECT_EQ(answers[1]->body, "");
    EXPECT_EQ(answers[2]->body, "x");
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsLargeBodiesWhole) {
    const std::string large(8U << 20U, 'z');
    std::string arrived;
    ScriptedServer server([&](Peer& peer, int) {
        arrived = peer.read_request().body;
        peer.answer("200 OK", "");
    });
    Request request;
    request.method = "PATCH";
    request.body = large;
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(arrived == large);
}

TEST(HttpClient, RepeatsARequestWhoseReusedConnectionTheServerHadClosed) {
    ScriptedServer server([](Peer& peer, int connection) {
        peer.read_request();
        peer.answer("200 OK", "x");
        // The server reads the next request and closes the connection without an answer.
        if (connection == 1) peer.read_request();
        if (connection == 1) peer.drop();
    });
    const auto answers = exchange(options_for(server.url()), {get("/1"), post("/2", "body")});
    ASSERT_TRUE(answers[1]) << answers[1].error().message;
    EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, DoesNotRepeatOnAFreshConnection) {
    ScriptedServer server([](Peer& peer, int) { peer.read_request(); });
    const auto answer = exchange(options_for(server.url()), post("/", "body"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(answer.error().message, HasSubstr("closed without an answer"));
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReportsATruncatedAnswer) {
    for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                             "HTTP/1.1 200 OK\r\nContent-Le"}) {
        ScriptedServer server([text](Peer& peer, int) {
            peer.read_request();
            peer.write(text);
        });
        const auto answer = exchange(options_for(server.url()), get("/"));
        ASSERT_FALSE(answer) << text;
        EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
        EXPECT_THAT(answer.error().message, HasSubstr("in the middle of the answer"));
    }
}

TEST(HttpClient, RefusesWhatIsNotHttpOrTooLarge) {
    const std::string long_header =
        "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n";
    const std::string long_body = "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x');
    for (const std::string& text :
         {std::string("SSH-2.0-OpenSSH_9\r\n\r\n"), long_header, long_body,
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
        ScriptedServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.write(text);
        });
        ClientOptions options = options_for(server.url());
        options.max_body_bytes = 1000;
        const auto answer = exchange(options, get("/"));
        ASSERT_FALSE(answer) << text.substr(0, 40);
        EXPECT_EQ(answer.error().kind, ErrorKind::kProtocol) << answer.error().message;
    }
}

TEST(HttpClient, CutsAnAnswerWhereTheRequestAsksForIt) {
    const std::string body(50'000, 'x');
    const std::string head = "HTTP/1.1 200 OK\r\n";
    for (const std::string& text :
         {head + "Content-Length: 50000\r\n\r\n" + body, head + "\r\n" + body,
          head + "Transfer-Encoding: chunked\r\n\r\nc350\r\n" + body + "\r\n0\r\n\r\n"}) {
        ScriptedServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.write(text);
        });
        ClientOptions options = options_for(server.url());
        options.max_body_bytes = 10;
        Request request = get("/");
        request.cut_answer_at = 1000;
        const auto answer = exchange(options, std::move(request));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_TRUE(answer->cut);
        EXPECT_EQ(answer->body, std::string(1000, 'x'));
    }
}

TEST(HttpClient, DoesNotCutAnAnswerThatFits) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.answer("200 OK", "short");
    });
    Request request = get("/");
    request.cut_answer_at = 5;
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_FALSE(answer->cut);
    EXPECT_EQ(answer->body, "short");
}

TEST(HttpClient, NeverSendsALineBreakInAHeader) {
    ScriptedServer server([](Peer& peer, int) { peer.read_request(); });
    Request request = get("/");
    request.headers.set("JOB-TOKEN", "a\r\nX-Evil: 1");
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(answer.error().message, HasSubstr("JOB-TOKEN"));
    EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("Evil")));
}

TEST(HttpClient, ReadsTheRefusalOfAServerThatDoesNotReadTheBody) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_until("\r\n\r\n");
        peer.answer("413 Too Large", "no");
    });
    const auto answer =
        exchange(options_for(server.url()), post("/", std::string(16U << 20U, 'x')));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 413U);
}

TEST(HttpClient, SendsASourceInChunksAndStopsWhenTheServerAnswersEarly) {
    std::string arrived;
    ScriptedServer server([&](Peer& peer, int connection) {
        if (connection == 1) {
            arrived = peer.read_request().body;
            peer.answer("201 Created", "");
        } else {
            peer.read_until("\r\n\r\n");
            peer.answer("403 Forbidden", "");
            peer.read_until("never");
        }
    });
    auto given = std::make_shared<int>(0);
    const auto counting = [given](int last) -> BodySource {
        return [given, last] { return numbered_piece(given, last); };
    };
    Request whole;
    whole.method = "POST";
    whole.source = counting(3);
    const auto first = exchange(options_for(server.url()), std::move(whole));
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(arrived, "1,2,3,");
    *given = 0;
    Request endless;
    endless.method = "POST";
    endless.source = counting(1'000'000'000);
    const auto second = exchange(options_for(server.url()), std::move(endless));
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->status, 403U);
}

TEST(HttpClient, SendsABodyOfKnownLengthFromASource) {
    std::array<Peer::Request, 4> arrived;  // one for each connection
    ScriptedServer server([&](Peer& peer, int connection) {
        arrived.at(static_cast<std::size_t>(connection - 1)) = peer.read_request();
        peer.answer("200 OK", "");
    });
    const auto put = [&](const std::string& length, int last) {
        const auto given = std::make_shared<int>(0);
        Request request;
        request.method = "PUT";
        request.headers.set("Content-Length", length);
        request.source = [given, last] { return numbered_piece(given, last); };
        return exchange(options_for(server.url()), std::move(request));
    };
    ASSERT_TRUE(put("6", 3));
    EXPECT_EQ(arrived.at(0).body, "1,2,3,");
    EXPECT_THAT(arrived.at(0).head, HasSubstr("Content-Length: 6\r\n"));
    EXPECT_THAT(arrived.at(0).head, testing::Not(HasSubstr("chunked")));
    ASSERT_TRUE(put("0", 0));
    EXPECT_EQ(arrived.at(1).body, "");
    for (const int pieces : {2, 4}) {
        const auto wrong = put("6", pieces);
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().kind, ErrorKind::kIo);
    }
}

TEST(HttpClient, ReportsTheErrorOfASource) {
    ScriptedServer server([](Peer& peer, int) { peer.read_request(); });
    Request request;
    request.method = "POST";
    request.source = [] { return failing_piece(); };
    const auto answer = exchange(options_for(server.url()), std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kIo);
    EXPECT_THAT(answer.error().message, HasSubstr("the disk is gone"));
}

TEST(HttpClient, StreamsABodyInPieces) {
    const std::string large(3U << 20U, 'q');
    ScriptedServer server([&](Peer& peer, int) {
        peer.read_request();
        peer.answer("200 OK", large);
        peer.read_request();
        peer.answer("200 OK", "next");
    });
    const auto result = tests::run_to_end(stream_then_get(options_for(server.url()), 100'000));
    EXPECT_TRUE(result.streamed == large);
    EXPECT_LE(result.largest_piece, 100'000U);
    EXPECT_EQ(result.next, "next");
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, HandsOverAnUpgradedConnectionWithItsFirstBytes) {
    for (const char* head : {"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Type: application/x\r\n\r\n"}) {
        ScriptedServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.write(std::string(head) + "first");
            peer.write("you said " + peer.read_until("\n"));
            EXPECT_EQ(peer.read_until("x"), "");  // the client ended its side
            peer.write("bye");
        });
        const auto text = tests::run_to_end(talk_upgraded(options_for(server.url()), "hello\n"));
        ASSERT_TRUE(text) << text.error().message;
        EXPECT_EQ(*text, "firstyou said hello\nbye");
    }
}

TEST(HttpClient, ReportsWhyAnUpgradeWasRefused) {
    ScriptedServer server([](Peer& peer, int) {
        peer.read_request();
        peer.answer("409 Conflict", R"({"message":"container is not running"})");
    });
    const auto text = tests::run_to_end(talk_upgraded(options_for(server.url()), ""));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(text.error().message, HasSubstr("container is not running"));
}

}  // namespace
}  // namespace protocol::http
