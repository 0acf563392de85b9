#include <boost/asio/this_coro.hpp>
#include <algorithm>

#include "executors/session/supervisor_session.hpp"

namespace executors::session {

using base::ErrorKind;
using protocol::http::BodySource;

namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;
/// Frames that may wait to be written before an upload's source is asked for more.
constexpr std::size_t kFramesAhead = 4;

std::string run_key(std::uint16_t stage) { return "run " + std::to_string(stage); }

std::string describe_engine(const std::string& socket, const Notice& answer) {
    std::string text = "the engine behind " + socket + " did not answer within " +
                       std::to_string(answer.waited_ms) + " ms: " + answer.error;
    if (!answer.log_tail.empty()) text += "\nThe end of its log:\n" + answer.log_tail;
    return text;
}

}  // namespace

class SupervisorSession::UploadTurn {
  public:
    UploadTurn(SupervisorSession& session, std::shared_ptr<Upload> upload)
        : session_(session), upload_(std::move(upload)) {
        session_.upload_ = upload_;
    }
    ~UploadTurn() {
        if (!finished_ && !upload_->lost && session_.stream_) {
            session_.enqueue(std::make_shared<const std::string>(abort_upload_frame()));
        }
        session_.answers_.erase(upload_->id);
        session_.upload_.reset();
        session_.changed_.notify_all();
    }
    UploadTurn(const UploadTurn&) = delete;
    UploadTurn& operator=(const UploadTurn&) = delete;
    void finish() { finished_ = true; }

  private:
    SupervisorSession& session_;
    std::shared_ptr<Upload> upload_;
    bool finished_ = false;
};

void SupervisorSession::send(std::string key, std::string frame) {
    settle(key);
    auto shared = std::make_shared<const std::string>(std::move(frame));
    pending_.push_back({std::move(key), shared});
    if (stream_) enqueue(std::move(shared));
}

void SupervisorSession::settle(std::string_view key) {
    pending_.remove_if([&](const Pending& pending) { return pending.key == key; });
}

void SupervisorSession::enqueue(std::shared_ptr<const std::string> frame) {
    outbox_.push_back(std::move(frame));
    outbox_changed_.notify_all();
}

std::string SupervisorSession::next_id() { return id_prefix_ + std::to_string(next_id_++); }

base::Task<base::Result<void>> SupervisorSession::wait_change() {
    if (failure_) co_return *failure_;
    if (ended_)
        co_return base::make_error(ErrorKind::kUnavailable, "the job's supervisor has ended");
    co_await changed_.wait();
    auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        co_return base::make_error(ErrorKind::kCancelled, "no longer waited for");
    }
    co_return base::Result<void>();
}

base::Task<base::Result<StageExit>> SupervisorSession::run_stage(StageCommand command) {
    const std::uint16_t stage = command.stage;
    if (exits_.count(stage) == 0) {
        fit_environment(command);
        send(run_key(stage), run_frame(command));
        command = StageCommand();
    }
    auto exit = co_await wait_exit(stage);
    co_return std::move(exit);
}

base::Task<base::Result<StageExit>> SupervisorSession::wait_exit(std::uint16_t stage) {
    while (true) {
        const auto exit = exits_.find(stage);
        if (exit != exits_.end()) co_return exit->second;
        auto changed = co_await wait_change();
        if (!changed) co_return changed.error();
    }
}

void SupervisorSession::request_stop(std::uint16_t stage, std::chrono::milliseconds grace) {
    if (exits_.count(stage) > 0) return;
    send("stop " + std::to_string(stage), stop_frame(stage, grace));
}

void SupervisorSession::limit_output(std::uint64_t max_bytes) {
    send("limit", limit_frame(max_bytes));
}

base::Task<base::Result<Notice>> SupervisorSession::ask(std::string id, std::string frame) {
    answers_.emplace(id, std::nullopt);
    send(id, std::move(frame));
    auto answer = co_await wait_answer(id);
    answers_.erase(id);
    settle(id);
    co_return std::move(answer);
}

base::Task<base::Result<Notice>> SupervisorSession::wait_answer(std::string id) {
    while (true) {
        const auto answer = answers_.find(id);
        if (answer != answers_.end() && answer->second) co_return *answer->second;
        if (upload_ && upload_->id == id && upload_->lost) {
            co_return base::make_error(
                ErrorKind::kUnavailable,
                "the connection to the job's supervisor was lost during an upload");
        }
        auto changed = co_await wait_change();
        if (!changed) co_return changed.error();
    }
}

base::Task<base::Result<void>> SupervisorSession::wait_engine(std::string socket, EngineState state,
                                                              std::chrono::milliseconds limit,
                                                              std::string log) {
    const std::string id = next_id();
    const bool listening = state == EngineState::kListening;
    auto asking = ask(id, wait_engine_frame(id, socket, limit, log, listening));
    auto answer = co_await std::move(asking);
    if (!answer) co_return answer.error();
    if (answer->ok) co_return base::Result<void>();
    co_return base::make_error(ErrorKind::kTimeout, describe_engine(socket, *answer));
}

base::Task<base::Result<void>> SupervisorSession::file_command(std::string_view op,
                                                               std::string path, unsigned mode,
                                                               std::string user) {
    const std::string id = next_id();
    auto asking = ask(id, file_frame(op, id, path, mode, user));
    auto answer = co_await std::move(asking);
    if (!answer) co_return answer.error();
    if (!answer->ok) co_return base::make_error(ErrorKind::kIo, answer->error);
    co_return base::Result<void>();
}

base::Task<base::Result<void>> SupervisorSession::make_directory(std::string path, unsigned mode,
                                                                 std::string user) {
    auto task = file_command("mkdir", std::move(path), mode, std::move(user));
    auto done = co_await std::move(task);
    co_return std::move(done);
}

base::Task<base::Result<void>> SupervisorSession::remove(std::string path, std::string user) {
    auto task = file_command("remove", std::move(path), 0, std::move(user));
    auto done = co_await std::move(task);
    co_return std::move(done);
}

namespace {

/// A body that is there already, as a source. `content` is given once, then the end.
base::Task<base::Result<std::string>> give_once(std::shared_ptr<std::string> content) {
    co_return std::exchange(*content, std::string());
}

}  // namespace

base::Task<base::Result<void>> SupervisorSession::put_file(std::string path, std::string content,
                                                           unsigned mode, std::string user) {
    const auto shared = std::make_shared<std::string>(std::move(content));
    const auto give = [shared] { return give_once(shared); };
    BodySource source = give;
    auto task = put_file(std::move(path), std::move(source), mode, std::move(user));
    auto done = co_await std::move(task);
    co_return std::move(done);
}

base::Task<base::Result<void>> SupervisorSession::put_file(std::string path, BodySource source,
                                                           unsigned mode, std::string user) {
    const std::string id = next_id();
    auto task = upload(id, file_frame("put_file", id, path, mode, user), std::move(source));
    auto done = co_await std::move(task);
    co_return std::move(done);
}

base::Task<base::Result<void>> SupervisorSession::put_tar(std::string destination,
                                                          BodySource source, std::string user) {
    const std::string id = next_id();
    auto task = upload(id, file_frame("put_tar", id, destination, 0, user), std::move(source));
    auto done = co_await std::move(task);
    co_return std::move(done);
}

base::Task<base::Result<void>> SupervisorSession::upload(std::string id, std::string frame,
                                                         BodySource source) {
    while (upload_ || !stream_) {  // one at a time, and only over a connection
        auto changed = co_await wait_change();
        if (!changed) co_return changed.error();
    }
    const auto state = std::make_shared<Upload>(Upload{id, false});
    answers_.emplace(id, std::nullopt);
    UploadTurn turn(*this, state);
    enqueue(std::make_shared<const std::string>(std::move(frame)));
    auto sent = co_await send_body(source);
    if (!sent && !state->lost) co_return sent.error();
    auto answer = co_await wait_answer(id);
    if (!answer) co_return answer.error();
    turn.finish();
    if (!answer->ok) co_return base::make_error(ErrorKind::kIo, answer->error);
    co_return base::Result<void>();
}

base::Task<base::Result<void>> SupervisorSession::send_body(BodySource& source) {
    const auto state = upload_;
    while (true) {
        auto asking = source();
        auto chunk = co_await std::move(asking);
        if (!chunk) co_return chunk.error();
        for (std::size_t at = 0; at < chunk->size(); at += kChunkBytes) {
            const auto part = std::string_view(*chunk).substr(at, kChunkBytes);
            auto sent = co_await send_chunk(part);
            if (!sent) co_return sent.error();
        }
        // A supervisor that has answered already has refused the rest.
        const bool answered = answers_.count(state->id) > 0 && answers_[state->id].has_value();
        if (chunk->empty() || answered) break;
    }
    const std::string_view nothing;
    auto ended = co_await send_chunk(nothing);
    co_return std::move(ended);
}

base::Task<base::Result<void>> SupervisorSession::send_chunk(std::string_view chunk) {
    const auto state = upload_;
    const auto prefix = helper::encode_frame_prefix(static_cast<std::uint32_t>(chunk.size()), true);
    std::string frame(prefix.data(), prefix.size());
    frame.append(chunk);
    while (outbox_.size() >= kFramesAhead && !state->lost) {
        auto changed = co_await wait_change();
        if (!changed) co_return changed.error();
    }
    if (state->lost) co_return base::make_error(ErrorKind::kUnavailable, "the connection was lost");
    enqueue(std::make_shared<const std::string>(std::move(frame)));
    co_return base::Result<void>();
}

base::Task<base::Result<std::unique_ptr<RemoteFile>>> SupervisorSession::open_file(
    std::string path, std::string user) {
    auto connecting = connector_();
    auto stream = co_await std::move(connecting);
    if (!stream) co_return stream.error().with_context("read " + path);
    auto opening = RemoteFile::open(std::move(*stream), std::move(path), std::move(user));
    auto file = co_await std::move(opening);
    co_return std::move(file);
}

base::Task<base::Result<void>> SupervisorSession::shutdown(std::chrono::milliseconds grace) {
    shutdown_requested_ = true;
    send("shutdown", shutdown_frame(grace));
    while (!ended_) {
        auto changed = co_await wait_change();
        if (!changed && !ended_) co_return changed.error();
    }
    co_return base::Result<void>();
}

}  // namespace executors::session
