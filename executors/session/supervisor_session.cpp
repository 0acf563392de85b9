#include "executors/session/supervisor_session.hpp"

#include "base/random.hpp"
#include "executors/session/frames.hpp"

namespace executors::session {

using base::ErrorKind;
using protocol::http::BodySource;

namespace {

std::string describe_engine(const std::string& socket, const Notice& answer) {
    std::string text = "the engine behind " + socket + " did not answer within " +
                       std::to_string(answer.waited_ms) + " ms: " + answer.error;
    if (!answer.log_tail.empty()) text += "\nThe end of its log:\n" + answer.log_tail;
    return text;
}

/// The source of a body that is in memory: `content` once, then the end.
base::Task<base::Result<std::string>> give_once(std::shared_ptr<std::string> content) {
    co_return std::exchange(*content, std::string());
}

}  // namespace

SupervisorSession::SupervisorSession(const boost::asio::any_io_executor& executor,
                                     Connector connector, EventSink& sink,
                                     std::uint64_t from_offset, std::chrono::milliseconds give_up)
    : id_prefix_(base::random_hex(6) + "-"),
      state_(executor),
      outbox_(executor, state_),
      replies_(state_),
      events_(sink, state_, replies_, outbox_, from_offset),
      uploader_(state_, outbox_, replies_),
      link_(executor, std::move(connector), state_, outbox_, events_, give_up) {}

std::string SupervisorSession::next_id() { return id_prefix_ + std::to_string(next_id_++); }

base::Task<base::Result<StageExit>> SupervisorSession::run_stage(StageCommand command) {
    const std::uint16_t stage = command.stage;
    if (!replies_.has_exit(stage)) {
        std::string frame = run_frame(command);
        if (frame.size() > helper::kMaxCommandBytes) {
            co_return base::make_error(
                base::ErrorKind::kInvalidInput,
                "the script is too large: with quotes and variables it has " +
                    std::to_string(frame.size() >> 20U) + " MiB, and may have " +
                    std::to_string(helper::kMaxCommandBytes >> 20U));
        }
        outbox_.send(run_key(stage), std::move(frame));
        command = StageCommand();  // its secrets are not kept while the stage runs
    }
    auto exit = co_await replies_.wait_exit(stage);
    co_return std::move(exit);
}

base::Task<base::Result<StageExit>> SupervisorSession::wait_exit(std::uint16_t stage) {
    return replies_.wait_exit(stage);
}

void SupervisorSession::request_stop(std::uint16_t stage, std::chrono::milliseconds grace) {
    if (replies_.has_exit(stage)) return;
    outbox_.send(stop_key(stage), stop_frame(stage, grace));
}

void SupervisorSession::limit_output(std::uint64_t max_bytes) {
    outbox_.send("limit", limit_frame(max_bytes));
}

base::Task<base::Result<Notice>> SupervisorSession::ask(std::string id, std::string frame) {
    replies_.expect(id);
    outbox_.send(id, std::move(frame));
    auto answer = co_await replies_.wait_answer(id);
    replies_.forget(id);
    outbox_.settle(id);
    co_return std::move(answer);
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
    return file_command("mkdir", std::move(path), mode, std::move(user));
}

base::Task<base::Result<void>> SupervisorSession::remove(std::string path, std::string user) {
    return file_command("remove", std::move(path), 0, std::move(user));
}

base::Task<base::Result<void>> SupervisorSession::put_file(std::string path, std::string content,
                                                           unsigned mode, std::string user) {
    const auto shared = std::make_shared<std::string>(std::move(content));
    BodySource source = [shared] { return give_once(shared); };
    FileTarget target;
    target.path = std::move(path);
    target.mode = mode;
    target.user = std::move(user);
    return put_file(std::move(target), std::move(source));
}

base::Task<base::Result<void>> SupervisorSession::put_file(FileTarget target, BodySource source) {
    std::string id = next_id();
    std::string frame = put_file_frame(id, target);
    return uploader_.upload(std::move(id), std::move(frame), std::move(source));
}

base::Task<base::Result<void>> SupervisorSession::put_tar(std::string destination,
                                                          BodySource source, std::string user) {
    std::string id = next_id();
    std::string frame = file_frame("put_tar", id, destination, 0, user);
    return uploader_.upload(std::move(id), std::move(frame), std::move(source));
}

base::Task<base::Result<std::unique_ptr<RemoteFile>>> SupervisorSession::open_file(
    std::string path, std::string user, std::uint64_t offset) {
    auto connecting = link_.connect();
    auto stream = co_await std::move(connecting);
    if (!stream) co_return stream.error().with_context("read " + path);
    auto opening = RemoteFile::open(std::move(*stream), std::move(path), std::move(user), offset);
    auto file = co_await std::move(opening);
    co_return std::move(file);
}

base::Task<base::Result<void>> SupervisorSession::shutdown(std::chrono::milliseconds grace) {
    link_.expect_shutdown();
    outbox_.send("shutdown", shutdown_frame(grace));
    while (!state_.has_ended()) {
        auto changed = co_await state_.wait_change();
        if (!changed && !state_.has_ended()) co_return changed.error();
    }
    co_return base::Result<void>();
}

}  // namespace executors::session
