#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <deque>
#include <string>

#include "executors/session/supervisor_session.hpp"
#include "tests/unit/executors/session/scripted_supervisor.hpp"

namespace executors::session {
namespace {

using namespace tests_support;
using base::ErrorKind;
using base::Task;
using protocol::http::BodySource;

/// A body that the test gives piece by piece.
struct Body {
    explicit Body(const boost::asio::any_io_executor& executor) : changed(executor) {}

    void give(base::Result<std::string> piece) {
        pieces.push_back(std::move(piece));
        changed.notify_all();
    }
    base::Task<base::Result<std::string>> next() {
        ++asked;
        changed.notify_all();
        while (pieces.empty()) {
            co_await changed.wait();
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) {
                co_return base::make_error(ErrorKind::kCancelled, "cancelled");
            }
        }
        auto piece = std::move(pieces.front());
        pieces.pop_front();
        co_return piece;
    }
    base::Task<void> wait_asked(int times) {
        while (asked < times) {
            co_await changed.wait();
        }
    }
    BodySource source() {
        return [this] { return next(); };
    }

    std::deque<base::Result<std::string>> pieces;
    int asked = 0;
    base::Notifier changed;
};

class UploadTest : public SupervisorSessionFixture {
  protected:
    /// The connection's frames until the upload's end: the content, or "" and the last "op".
    static Task<std::string> receive_upload(MemoryPeer peer, std::string& id) {
        auto command = co_await next_frame(peer);
        id = command.json.value("id", "");
        std::string content = command.op + ":";
        while (true) {
            auto frame = co_await next_frame(peer);
            if (frame.op != "data") co_return content + "!" + frame.op;
            if (frame.data.empty()) co_return content;
            content += frame.data;
        }
    }
    static std::string answer(const std::string& id, bool ok, const std::string& error = "") {
        const nlohmann::json json{{"id", id}, {"ok", ok}, {"error", error}};
        return notice(json);
    }
    CallPtr<void> put_file(std::string path, std::string content) {
        return start<void>(session_->put_file(std::move(path), std::move(content), 0600, ""));
    }
    CallPtr<void> put_tar() {
        return start<void>(session_->put_tar("/builds", body_.source(), ""));
    }

    Body body_{context_.get_executor()};
    std::string id_;
    std::uint64_t from_ = 0;
};

TEST_F(UploadTest, SendsTheContentAndWaitsForTheAnswer) {
    const std::string large(600'000, 'x');
    auto scenario = [&]() -> Task<void> {
        auto call = put_file("/a", large);
        auto peer = co_await supervisor_.accept_hello(from_);
        auto content = co_await receive_upload(peer, id_);
        EXPECT_TRUE(content == "put_file:" + large);
        EXPECT_FALSE(call->result.has_value());
        peer.send(answer(id_, true));
        auto put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, SaysHowTheFileIsToBeWritten) {
    auto scenario = [&]() -> Task<void> {
        FileTarget target;
        target.path = "/a";
        target.mode = 0600;
        target.user = "1000:1000";
        target.unpack = 3;
        auto call = start<void>(session_->put_file(target, body_.source()));
        auto peer = co_await supervisor_.accept_hello(from_);
        auto frame = co_await next_frame(peer);
        const nlohmann::json wanted{{"op", "put_file"}, {"id", frame.json["id"]}, {"path", "/a"},
                                    {"mode", 0600},     {"user", "1000:1000"},    {"unpack", 3}};
        EXPECT_EQ(frame.json, wanted);
        id_ = frame.json["id"];
        peer.send(answer(id_, true));
        body_.give(std::string());
        auto put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, CutsLargePiecesIntoFrames) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_file("/a", std::string(600'000, 'x'));
        auto peer = co_await supervisor_.accept_hello(from_);
        auto frame = co_await next_frame(peer);
        id_ = frame.json["id"];
        std::size_t frames = 0;
        do {
            frame = co_await next_frame(peer);
            EXPECT_LE(frame.data.size(), helper::kMaxDataBytes);
            ++frames;
        } while (!frame.data.empty());
        EXPECT_EQ(frames, 4U);
        peer.send(answer(id_, true));
        auto put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, WaitsForItsTurn) {
    auto scenario = [&]() -> Task<void> {
        auto first = put_file("/a", "one");
        auto second = put_file("/b", "two");
        auto peer = co_await supervisor_.accept_hello(from_);
        auto content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_file:one");
        EXPECT_EQ(peer.written(), "");
        peer.send(answer(id_, true));
        content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_file:two");
        peer.send(answer(id_, true));
        auto done = co_await result_of(first);
        EXPECT_TRUE(done.has_value());
        done = co_await result_of(second);
        EXPECT_TRUE(done.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, AsksItsSourceForNoMoreThanTheConnectionTakes) {
    for (int i = 0; i < 20; ++i) body_.give(std::string("piece"));
    body_.give(std::string());
    auto scenario = [&]() -> Task<void> {
        auto peer = co_await supervisor_.accept_hello(from_);
        peer.hold_writes(true);
        auto call = put_tar();
        co_await body_.wait_asked(4);
        co_await boost::asio::post(context_, boost::asio::use_awaitable);
        EXPECT_LE(body_.asked, 5);
        peer.hold_writes(false);
        auto content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content.size(), std::string("put_tar:").size() + 20 * 5);
        peer.send(answer(id_, true));
        auto put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, FailsWhenTheConnectionIsLostWhileItSends) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_tar();
        auto peer = co_await supervisor_.accept_hello(from_);
        co_await body_.wait_asked(1);
        peer.hang_up();
        auto next = co_await supervisor_.accept_hello(from_);
        body_.give(std::string("piece"));
        auto put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kUnavailable));
        auto other = put_file("/a", "content");
        auto content = co_await receive_upload(next, id_);
        EXPECT_EQ(content, "put_file:content");
        next.send(answer(id_, true));
        put = co_await result_of(other);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, FailsWhenTheConnectionIsLostBeforeTheAnswer) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_file("/a", "content");
        auto peer = co_await supervisor_.accept_hello(from_);
        auto content = co_await receive_upload(peer, id_);
        peer.hang_up();
        auto put = co_await result_of(call);
        const auto error = error_of(put);
        EXPECT_TRUE(error.is(ErrorKind::kUnavailable));
        EXPECT_EQ(error.message,
                  "the connection to the job's supervisor was lost during an upload");
    };
    run(scenario());
}

TEST_F(UploadTest, FailsWhenTheConnectionIsLostWhileItWaitsForRoom) {
    for (int i = 0; i < 20; ++i) body_.give(std::string("piece"));
    auto scenario = [&]() -> Task<void> {
        auto peer = co_await supervisor_.accept_hello(from_);
        peer.hold_writes(true);
        auto call = put_tar();
        co_await body_.wait_asked(4);
        peer.hang_up();
        auto put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kUnavailable));
    };
    run(scenario());
}

TEST_F(UploadTest, TakesAnAnswerThatCameBeforeTheConnectionWasLost) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_file("/a", "content");
        auto peer = co_await supervisor_.accept_hello(from_);
        auto content = co_await receive_upload(peer, id_);
        peer.send(answer(id_, true));
        peer.hang_up();
        auto put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, StopsWhenTheSupervisorHasRefused) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_tar();
        auto peer = co_await supervisor_.accept_hello(from_);
        auto command = co_await next_frame(peer);
        co_await body_.wait_asked(1);
        peer.send(answer(command.json["id"], false, "no space left"));
        co_await boost::asio::post(context_, boost::asio::use_awaitable);
        body_.give(std::string("piece"));
        auto put = co_await result_of(call);
        const auto error = error_of(put);
        EXPECT_TRUE(error.is(ErrorKind::kIo));
        EXPECT_EQ(error.message, "no space left");
        EXPECT_EQ(body_.asked, 1);
        auto frame = co_await next_frame(peer);
        EXPECT_EQ(frame.data, "piece");
        frame = co_await next_frame(peer);
        EXPECT_TRUE(frame.op == "data" && frame.data.empty());
    };
    run(scenario());
}

TEST_F(UploadTest, TellsTheSupervisorThatTheSourceHasFailed) {
    auto scenario = [&]() -> Task<void> {
        auto call = put_tar();
        auto peer = co_await supervisor_.accept_hello(from_);
        body_.give(std::string("piece"));
        body_.give(base::make_error(ErrorKind::kNotFound, "no such cache"));
        auto put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kNotFound));
        auto content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_tar:piece!abort_upload");
    };
    run(scenario());
}

TEST_F(UploadTest, CanBeCancelledAtEveryAwait) {
    supervisor_.hold_connects(true);
    auto scenario = [&]() -> Task<void> {
        // Without a connection.
        auto call = put_file("/a", "content");
        co_await supervisor_.wait_for_try(1);
        call->stop.request(base::StopReason::kAbort);
        auto put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kCancelled));
        supervisor_.hold_connects(false);
        auto peer = co_await supervisor_.accept_hello(from_);
        // While the source has nothing.
        call = put_tar();
        co_await body_.wait_asked(1);
        call->stop.request(base::StopReason::kAbort);
        put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kCancelled));
        auto content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_tar:!abort_upload");
        // While another upload has its turn, and while the answer is missing.
        auto first = put_file("/a", "content");
        auto second = put_file("/b", "content");
        content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_file:content");
        second->stop.request(base::StopReason::kAbort);
        put = co_await result_of(second);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kCancelled));
        first->stop.request(base::StopReason::kAbort);
        put = co_await result_of(first);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kCancelled));
        auto frame = co_await next_frame(peer);
        EXPECT_EQ(frame.op, "abort_upload");
        // While the connection takes no more.
        peer.hold_writes(true);
        for (int i = 0; i < 20; ++i) body_.give(std::string("piece"));
        call = put_tar();
        co_await body_.wait_asked(5);
        call->stop.request(base::StopReason::kAbort);
        put = co_await result_of(call);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kCancelled));
        peer.hold_writes(false);
        content = co_await receive_upload(peer, id_);
        EXPECT_TRUE(content.ends_with("!abort_upload"));
        // The next one works.
        call = put_file("/c", "last");
        content = co_await receive_upload(peer, id_);
        EXPECT_EQ(content, "put_file:last");
        peer.send(answer(id_, true));
        put = co_await result_of(call);
        EXPECT_TRUE(put.has_value());
    };
    run(scenario());
}

TEST_F(UploadTest, FailsWhenTheSessionIsClosed) {
    auto scenario = [&]() -> Task<void> {
        auto peer = co_await supervisor_.accept_hello(from_);
        auto first = put_file("/a", "content");
        auto second = put_file("/b", "content");
        auto content = co_await receive_upload(peer, id_);
        session_->close();
        auto put = co_await result_of(first);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kUnavailable));
        put = co_await result_of(second);
        EXPECT_TRUE(error_of(put).is(ErrorKind::kUnavailable));
    };
    run(scenario());
}

}  // namespace
}  // namespace executors::session
