#pragma once

#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/session/supervisor_session.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/run_to_end.hpp"

/// The supervisor's end of a SupervisorSession, played by the test itself.
namespace executors::session::tests_support {

using ::tests::MemoryPeer;

/// A record of the event log.
inline std::string record(helper::RecordType type, std::uint16_t stage, std::string_view text,
                          base::OutputStream stream = base::OutputStream::kNone) {
    helper::RecordHeader header;
    header.length = static_cast<std::uint32_t>(text.size());
    header.type = type;
    header.stream = stream;
    header.stage = stage;
    const auto bytes = helper::encode_header(header);
    return std::string(bytes.data(), bytes.size()) + std::string(text);
}
inline std::string started(std::uint16_t stage) {
    return record(helper::RecordType::kStarted, stage, R"({"pid":7,"shell":"/bin/sh"})");
}
inline std::string output(std::uint16_t stage, std::string_view text) {
    return record(helper::RecordType::kOutput, stage, text, base::OutputStream::kStdout);
}
inline std::string exited(std::uint16_t stage, int code) {
    const nlohmann::json json{{"code", code}, {"signal", 0}, {"reason", "exit"}};
    return record(helper::RecordType::kExited, stage, json.dump());
}
inline std::string notice(const nlohmann::json& json) {
    return record(helper::RecordType::kNotice, 0, json.dump());
}

/// One frame of the session.
struct Frame {
    /// The command's "op"; "data" for bytes of an upload; "closed" when the session has closed the
    /// connection.
    std::string op;
    nlohmann::json json;
    std::string data;
};

inline base::Task<Frame> next_frame(MemoryPeer peer) {
    Frame frame;
    auto head = co_await peer.receive(4);
    if (head.size() < 4) {
        frame.op = "closed";
        co_return frame;
    }
    const auto prefix = helper::decode_frame_prefix(head.data());
    auto body = co_await peer.receive(prefix.length);
    if (prefix.data) {
        frame.op = "data";
        frame.data = std::move(body);
        co_return frame;
    }
    frame.json = nlohmann::json::parse(body);
    frame.op = frame.json.value("op", "");
    co_return frame;
}

/// Where the session connects to. The connections are accepted one by one, as a server does.
class ScriptedSupervisor {
  public:
    explicit ScriptedSupervisor(const boost::asio::any_io_executor& executor)
        : executor_(executor), changed_(executor) {}

    SupervisorSession::Connector connector() {
        return [this] { return connect(); };
    }
    /// The next try to connect fails; several calls: the next tries.
    void refuse(base::ErrorKind kind) { refusals_.push_back(base::make_error(kind, "refused")); }
    /// All tries from now on fail.
    void refuse_always(base::ErrorKind kind) { always_ = base::make_error(kind, "refused"); }
    /// Tries to connect wait until this is called with false.
    void hold_connects(bool hold) {
        held_ = hold;
        changed_.notify_all();
    }
    /// The next connection that the session makes.
    base::Task<MemoryPeer> accept() {
        while (waiting_.empty()) {
            co_await changed_.wait();
        }
        MemoryPeer peer = waiting_.front();
        waiting_.pop_front();
        co_return peer;
    }
    /// accept(), and the session's hello: its offset is left in `from`.
    base::Task<MemoryPeer> accept_hello(std::uint64_t& from) {
        auto peer = co_await accept();
        auto hello = co_await next_frame(peer);
        EXPECT_EQ(hello.op, "hello");
        from = hello.json.value("from", std::uint64_t{999'999});
        co_return peer;
    }
    /// Returns when the session tries to connect and is held.
    base::Task<void> wait_for_try(int number) {
        while (tries_ < number) {
            co_await changed_.wait();
        }
    }
    [[nodiscard]] int tries() const { return tries_; }

  private:
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> connect() {
        ++tries_;
        changed_.notify_all();
        while (held_) {
            co_await changed_.wait();
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) {
                co_return base::make_error(base::ErrorKind::kCancelled, "cancelled");
            }
        }
        if (always_) co_return *always_;
        if (!refusals_.empty()) {
            base::Error error = refusals_.front();
            refusals_.pop_front();
            co_return error;
        }
        MemoryPeer peer(executor_);
        waiting_.push_back(peer);
        changed_.notify_all();
        co_return peer.stream();
    }

    boost::asio::any_io_executor executor_;
    std::deque<base::Error> refusals_;
    std::optional<base::Error> always_;
    bool held_ = false;
    int tries_ = 0;
    std::deque<MemoryPeer> waiting_;
    base::Notifier changed_;
};

/// A call that runs beside the test's own coroutine.
template <typename T>
struct Call {
    explicit Call(const boost::asio::any_io_executor& executor) : changed(executor) {}
    std::optional<base::Result<T>> result;
    base::StopSource stop;
    base::Notifier changed;
};
template <typename T>
using CallPtr = std::shared_ptr<Call<T>>;

template <typename T>
base::Task<void> carry_out(CallPtr<T> call, base::Task<base::Result<T>> task) {
    auto result = co_await base::run_stoppable<T>(&call->stop, std::move(task), std::nullopt);
    call->result.emplace(std::move(result));
    call->changed.notify_all();
}

template <typename T>
base::Task<base::Result<T>> result_of(CallPtr<T> call) {
    while (!call->result) {
        co_await call->changed.wait();
    }
    co_return std::move(*call->result);
}

/// A session with its pump and a supervisor that the test plays. run() carries out the test's
/// coroutine, closes the session, and waits for everything that was started.
class SupervisorSessionFixture : public testing::Test, protected EventSink {
  protected:
    using Reason = StageExit::Reason;

    void make_session(std::chrono::milliseconds give_up, std::uint64_t from_offset = 0) {
        EventSink& sink = *this;
        session_ = std::make_unique<SupervisorSession>(
            context_.get_executor(), supervisor_.connector(), sink, from_offset, give_up);
    }
    void SetUp() override { make_session(std::chrono::seconds(60)); }

    void run(base::Task<void> scenario) {
        ::tests::run_to_end(context_, run_all(std::move(scenario)));
    }
    template <typename T>
    CallPtr<T> start(base::Task<base::Result<T>> task) {
        auto call = std::make_shared<Call<T>>(context_.get_executor());
        group_.spawn("call", carry_out<T>(call, std::move(task)));
        return call;
    }
    CallPtr<StageExit> start_stage(std::uint16_t stage) {
        StageCommand command;
        command.stage = stage;
        command.script = "echo";
        return start<StageExit>(session_->run_stage(std::move(command)));
    }
    /// The result of a call that has ended; fails the test otherwise.
    template <typename T>
    static base::Error error_of(const base::Result<T>& result) {
        EXPECT_FALSE(result.has_value());
        return result ? base::Error() : result.error();
    }

    void on_output(std::uint16_t stage, base::OutputStream, std::uint64_t,
                   std::string_view bytes) override {
        output_ += std::to_string(stage) + ":" + std::string(bytes) + ";";
    }
    void on_offset(std::uint64_t offset) override { offset_ = offset; }
    void on_output_limit(std::uint64_t limit_bytes) override { limit_reached_ = limit_bytes; }
    bool has_room() override { return !room_ || room_(); }

    boost::asio::io_context context_{1};
    ScriptedSupervisor supervisor_{context_.get_executor()};
    std::string output_;
    std::uint64_t offset_ = 0;
    std::uint64_t limit_reached_ = 0;
    std::function<bool()> room_;
    std::unique_ptr<SupervisorSession> session_;
    base::TaskGroup group_{context_.get_executor()};
    base::TaskGroup pump_{context_.get_executor()};

  private:
    base::Task<int> run_all(base::Task<void> scenario) {
        pump_.spawn("pump", session_->pump());
        co_await std::move(scenario);
        session_->close();
        co_await group_.wait();
        co_await pump_.wait();
        co_return 0;
    }
};

}  // namespace executors::session::tests_support
