#include "executors/session/uploader.hpp"

#include "executors/session/frames.hpp"

namespace executors::session {

using base::ErrorKind;
using protocol::http::BodySource;

namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;
/// Frames that may wait to be written before an upload's source is asked for more.
constexpr std::size_t kFramesAhead = 4;

}  // namespace

/// The upload that is under way. Its end lets the next upload begin, and tells the supervisor when
/// nothing more will come of this one.
class Uploader::Turn {
  public:
    Turn(Uploader& uploader, std::string id)
        : uploader_(uploader), id_(std::move(id)), connection_(uploader.outbox_.connection()) {
        uploader_.busy_ = true;
        uploader_.replies_.expect(id_);
    }
    ~Turn() {
        if (!finished_) uploader_.outbox_.send_over(connection_, abort_upload_frame());
        uploader_.replies_.forget(id_);
        uploader_.busy_ = false;
        uploader_.state_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] std::uint64_t connection() const { return connection_; }
    [[nodiscard]] bool is_lost() const { return uploader_.outbox_.connection() != connection_; }
    void finish() { finished_ = true; }

  private:
    Uploader& uploader_;
    const std::string id_;
    const std::uint64_t connection_;
    bool finished_ = false;
};

base::Task<base::Result<void>> Uploader::upload(std::string id, std::string frame,
                                                BodySource source) {
    while (busy_ || outbox_.connection() == 0) {
        auto changed = co_await state_.wait_change();
        if (!changed) co_return changed.error();
    }
    Turn turn(*this, std::move(id));
    outbox_.send_over(turn.connection(), std::move(frame));
    auto sent = co_await send_body(turn, source);
    if (!sent && !turn.is_lost()) co_return sent.error();
    auto answer = co_await wait_answer(turn);
    if (!answer) co_return answer.error();
    turn.finish();
    if (!answer->ok) co_return base::make_error(ErrorKind::kIo, answer->error);
    co_return base::Result<void>();
}

base::Task<base::Result<Notice>> Uploader::wait_answer(const Turn& turn) {
    while (true) {
        const Notice* answer = replies_.find_answer(turn.id());
        if (answer != nullptr) co_return *answer;
        if (turn.is_lost()) {
            co_return base::make_error(
                ErrorKind::kUnavailable,
                "the connection to the job's supervisor was lost during an upload");
        }
        auto changed = co_await state_.wait_change();
        if (!changed) co_return changed.error();
    }
}

base::Task<base::Result<void>> Uploader::send_body(const Turn& turn, BodySource& source) {
    while (true) {
        auto asking = source();
        auto chunk = co_await std::move(asking);
        if (!chunk) co_return chunk.error();
        for (std::size_t at = 0; at < chunk->size(); at += kChunkBytes) {
            const auto part = std::string_view(*chunk).substr(at, kChunkBytes);
            auto sent = co_await send_chunk(turn, part);
            if (!sent) co_return sent.error();
        }
        // A supervisor that has answered already has refused the rest.
        if (chunk->empty() || replies_.find_answer(turn.id()) != nullptr) break;
    }
    const std::string_view nothing;
    auto ended = co_await send_chunk(turn, nothing);
    co_return std::move(ended);
}

base::Task<base::Result<void>> Uploader::send_chunk(const Turn& turn, std::string_view chunk) {
    while (outbox_.size() >= kFramesAhead && !turn.is_lost()) {
        auto changed = co_await state_.wait_change();
        if (!changed) co_return changed.error();
    }
    if (turn.is_lost()) {
        co_return base::make_error(ErrorKind::kUnavailable, "the connection was lost");
    }
    outbox_.send_over(turn.connection(), data_frame(chunk));
    co_return base::Result<void>();
}

}  // namespace executors::session
