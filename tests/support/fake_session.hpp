#pragma once

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "executors/helper/protocol.hpp"
#include "executors/session/session.hpp"
#include "tests/support/memory_stream.hpp"

namespace tests {

class FakeSession;

/// What a FakeSession answers, and what it was asked for. It outlives the sessions that use it, so
/// a test can look at it after the code under test has destroyed its session.
///
/// Calls have the names of Session's methods ("run_stage", "wait_exit", "wait_engine",
/// "make_directory", "remove", "put_file", "open_file", "put_tar", "shutdown").
struct SessionScript {
    // What it answers. All of it can be set before and during a call.
    /// The end of a stage, by its number; used first.
    std::map<std::uint16_t, executors::session::StageExit> exit_of;
    /// The ends of the stages that exit_of does not name, in the order of their calls. When it is
    /// empty, a stage ends with code 0.
    std::deque<executors::session::StageExit> exits;
    /// Stages that do not end before request_stop() or FakeSession::finish().
    std::set<std::uint16_t> held_stages;
    /// Text that a stage prints to its standard output before it ends.
    std::map<std::uint16_t, std::string> output_of;
    /// Calls that fail: each error is used once, in order.
    std::map<std::string, std::deque<base::Error>> failures;
    /// Calls that do not return before they are cancelled, the session is closed, or
    /// FakeSession::release() is called.
    std::set<std::string> held_calls;
    /// The files that open_file() finds; kIo for others.
    std::map<std::string, std::string> files;
    /// was_reached().
    bool reached = true;
    /// False: request_stop() is recorded, and the stage goes on.
    bool obeys_stops = true;
    /// Is called when run_stage() begins, before its output and its end.
    std::function<void(FakeSession&, const executors::session::StageCommand&)> on_run;
    /// Is called when a call begins, with its name.
    std::function<void(FakeSession&, const std::string&)> on_call;

    // What it was asked for, in order.
    struct FileCall {
        std::string call;
        std::string path;
        std::string content;  ///< put_file(), put_tar(): all bytes of the source
        unsigned mode = 0;
        std::string user;
        unsigned unpack = 0;  ///< put_file()
    };
    struct EngineCall {
        std::string socket;
        executors::session::Session::EngineState state{};
        std::chrono::milliseconds limit{0};
        std::string log;
    };
    struct StopCall {
        std::uint16_t stage = 0;
        std::chrono::milliseconds grace{0};
    };
    /// The names of all calls, also "request_stop" and "close".
    std::vector<std::string> calls;
    std::vector<executors::session::StageCommand> stages;
    std::vector<FileCall> file_calls;
    std::vector<EngineCall> engine_calls;
    std::vector<StopCall> stops;
    std::uint64_t output_limit = 0;
    bool closed = false;
    bool pump_ended = false;
    std::vector<std::uint64_t> offsets;  ///< at which the sessions began
    /// The session that lives now; null for none.
    FakeSession* session = nullptr;
};

/// A Session without a supervisor: a SessionScript says what happens.
///
/// Cancellation, close() and a failure of the script have the meaning that Session documents.
/// Offsets count the bytes of output from `from_offset` on.
class FakeSession final : public executors::session::Session {
  public:
    using StageExit = executors::session::StageExit;
    using StageCommand = executors::session::StageCommand;
    using RemoteFile = executors::session::RemoteFile;

    /// `sink` may be null: output is dropped then.
    FakeSession(const boost::asio::any_io_executor& executor, SessionScript& script,
                executors::session::EventSink* sink = nullptr, std::uint64_t from_offset = 0)
        : executor_(executor),
          script_(script),
          sink_(sink),
          offset_(from_offset),
          changed_(executor) {
        script_.session = this;
        script_.offsets.push_back(from_offset);
    }
    ~FakeSession() override {
        if (script_.session == this) script_.session = nullptr;
    }

    // For tests.

    /// Delivers output to the sink, and then the new offset.
    void feed(std::uint16_t stage, std::string_view text,
              base::OutputStream stream = base::OutputStream::kStdout, std::uint64_t time_us = 0) {
        offset_ += text.size();
        if (sink_ == nullptr) return;
        sink_->on_output(stage, stream, time_us, text);
        sink_->on_offset(offset_);
    }
    /// Ends a stage, held or not, that has not ended yet.
    void finish(std::uint16_t stage, StageExit exit) {
        ended_.emplace(stage, std::move(exit));
        changed_.notify_all();
    }
    /// Lets a held call go on.
    void release(const std::string& call) {
        script_.held_calls.erase(call);
        changed_.notify_all();
    }

    // Session.

    base::Task<void> pump() override {
        while (!closed_ && !shut_down_) {
            co_await changed_.wait();
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) break;
        }
        script_.pump_ended = true;
    }
    [[nodiscard]] bool was_reached() const override { return script_.reached; }
    void close() override {
        script_.calls.emplace_back("close");
        script_.closed = true;
        closed_ = true;
        changed_.notify_all();
    }

    base::Task<base::Result<StageExit>> run_stage(StageCommand command) override {
        const std::uint16_t stage = command.stage;
        script_.stages.push_back(command);
        auto begun = co_await begin("run_stage");
        if (!begun) co_return begun.error();
        running_.insert(stage);
        if (script_.on_run) script_.on_run(*this, command);
        const auto output = script_.output_of.find(stage);
        if (output != script_.output_of.end()) feed(stage, output->second);
        if (script_.held_stages.count(stage) == 0) ended_.emplace(stage, scripted_exit(stage));
        auto exit = co_await end_of(stage);
        co_return std::move(exit);
    }
    base::Task<base::Result<StageExit>> wait_exit(std::uint16_t stage) override {
        auto begun = co_await begin("wait_exit");
        if (!begun) co_return begun.error();
        running_.insert(stage);
        if (script_.held_stages.count(stage) == 0) ended_.emplace(stage, scripted_exit(stage));
        auto exit = co_await end_of(stage);
        co_return std::move(exit);
    }
    void request_stop(std::uint16_t stage, std::chrono::milliseconds grace) override {
        script_.calls.emplace_back("request_stop");
        script_.stops.push_back({stage, grace});
        if (!script_.obeys_stops || running_.count(stage) == 0) return;
        StageExit stopped{143, 15, StageExit::Reason::kStopped, "", "", ""};
        const auto scripted = script_.exit_of.find(stage);
        finish(stage, scripted == script_.exit_of.end() ? stopped : scripted->second);
    }
    void limit_output(std::uint64_t max_bytes) override { script_.output_limit = max_bytes; }

    base::Task<base::Result<void>> wait_engine(std::string socket, EngineState state,
                                               std::chrono::milliseconds limit,
                                               std::string log) override {
        script_.engine_calls.push_back({std::move(socket), state, limit, std::move(log)});
        auto begun = co_await begin("wait_engine");
        co_return std::move(begun);
    }

    base::Task<base::Result<void>> make_directory(std::string path, unsigned mode,
                                                  std::string user) override {
        script_.file_calls.push_back(
            {"make_directory", std::move(path), "", mode, std::move(user)});
        auto begun = co_await begin("make_directory");
        co_return std::move(begun);
    }
    base::Task<base::Result<void>> remove(std::string path, std::string user) override {
        script_.file_calls.push_back({"remove", std::move(path), "", 0, std::move(user)});
        auto begun = co_await begin("remove");
        co_return std::move(begun);
    }
    base::Task<base::Result<void>> put_file(std::string path, std::string content, unsigned mode,
                                            std::string user) override {
        script_.file_calls.push_back(
            {"put_file", std::move(path), std::move(content), mode, std::move(user)});
        auto begun = co_await begin("put_file");
        co_return std::move(begun);
    }
    base::Task<base::Result<void>> put_file(executors::session::FileTarget target,
                                            protocol::http::BodySource source) override {
        const std::size_t index = script_.file_calls.size();
        script_.file_calls.push_back({"put_file", std::move(target.path), "", target.mode,
                                      std::move(target.user), target.unpack});
        auto uploaded = co_await upload("put_file", index, source);
        co_return std::move(uploaded);
    }
    base::Task<base::Result<void>> put_tar(std::string destination,
                                           protocol::http::BodySource source,
                                           std::string user) override {
        const std::size_t index = script_.file_calls.size();
        script_.file_calls.push_back({"put_tar", std::move(destination), "", 0, std::move(user)});
        auto uploaded = co_await upload("put_tar", index, source);
        co_return std::move(uploaded);
    }
    base::Task<base::Result<std::unique_ptr<RemoteFile>>> open_file(std::string path,
                                                                    std::string user,
                                                                    std::uint64_t offset) override {
        script_.file_calls.push_back({"open_file", path, "", 0, user});
        auto begun = co_await begin("open_file");
        if (!begun) co_return begun.error();
        MemoryPeer peer(executor_);
        const auto file = script_.files.find(path);
        if (file == script_.files.end()) {
            const std::string answer =
                R"({"ok":false,"error":"open )" + path + R"(: No such file or directory"})";
            peer.send(executors::helper::make_frame(answer));
        } else {
            const std::string answer = R"({"ok":true,"size":)" +
                                       std::to_string(file->second.size()) + R"(,"offset":)" +
                                       std::to_string(offset) + "}";
            peer.send(executors::helper::make_frame(answer));
            peer.send(file->second.substr(offset));
        }
        auto opening = RemoteFile::open(peer.stream(), std::move(path), std::move(user), offset);
        auto opened = co_await std::move(opening);
        peer.hang_up();
        co_return std::move(opened);
    }

    base::Task<base::Result<void>> shutdown(std::chrono::milliseconds grace) override {
        static_cast<void>(grace);
        auto begun = co_await begin("shutdown");
        if (!begun) co_return begun.error();
        shut_down_ = true;
        changed_.notify_all();
        co_return base::Result<void>();
    }

  private:
    /// Records the call; waits while it is held; answers its scripted failure, if there is one.
    base::Task<base::Result<void>> begin(std::string call) {
        script_.calls.push_back(call);
        if (script_.on_call) script_.on_call(*this, call);
        while (script_.held_calls.count(call) > 0) {
            auto changed = co_await wait_change();
            if (!changed) co_return changed.error();
        }
        if (closed_) co_return closed_error();
        auto& failures = script_.failures[call];
        if (failures.empty()) co_return base::Result<void>();
        base::Error error = failures.front();
        failures.pop_front();
        co_return error;
    }
    base::Task<base::Result<void>> upload(std::string call, std::size_t index,
                                          protocol::http::BodySource& source) {
        auto begun = co_await begin(std::move(call));
        if (!begun) co_return begun.error();
        while (true) {
            auto asking = source();
            auto chunk = co_await std::move(asking);
            if (!chunk) co_return chunk.error();
            if (chunk->empty()) co_return base::Result<void>();
            script_.file_calls[index].content += *chunk;
        }
    }
    base::Task<base::Result<StageExit>> end_of(std::uint16_t stage) {
        while (true) {
            const auto exit = ended_.find(stage);
            if (exit != ended_.end()) co_return exit->second;
            auto changed = co_await wait_change();
            if (!changed) co_return changed.error();
        }
    }
    base::Task<base::Result<void>> wait_change() {
        if (closed_) co_return closed_error();
        co_await changed_.wait();
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) {
            co_return base::make_error(base::ErrorKind::kCancelled, "no longer waited for");
        }
        co_return base::Result<void>();
    }
    StageExit scripted_exit(std::uint16_t stage) {
        const auto scripted = script_.exit_of.find(stage);
        if (scripted != script_.exit_of.end()) return scripted->second;
        if (script_.exits.empty() || ended_.count(stage) > 0) return StageExit();
        StageExit exit = std::move(script_.exits.front());
        script_.exits.pop_front();
        return exit;
    }
    static base::Error closed_error() {
        return base::make_error(base::ErrorKind::kUnavailable,
                                "the conversation with the job's supervisor was ended");
    }

    boost::asio::any_io_executor executor_;
    SessionScript& script_;
    executors::session::EventSink* sink_;
    std::uint64_t offset_;
    bool closed_ = false;
    bool shut_down_ = false;
    std::set<std::uint16_t> running_;
    std::map<std::uint16_t, StageExit> ended_;
    base::Notifier changed_;
};

}  // namespace tests
