#include "executors/session/supervisor_link.hpp"

#include <boost/asio/this_coro.hpp>

#include "base/task.hpp"
#include "executors/session/frames.hpp"

namespace executors::session {

using base::ErrorKind;
using Clock = ReconnectPolicy::Clock;

namespace {

/// kCancelled is what the reader sees when the writer has failed and closed the stream; nobody has
/// cancelled anything then.
base::Error end_of_connection(const base::Result<void>& talked) {
    if (talked || talked.error().is(ErrorKind::kCancelled)) {
        return base::make_error(ErrorKind::kUnavailable, "the connection ended");
    }
    return talked.error();
}

}  // namespace

SupervisorLink::SupervisorLink(const boost::asio::any_io_executor& executor, Connector connector,
                               SessionState& state, CommandOutbox& outbox, EventReader& events,
                               std::chrono::milliseconds give_up)
    : connector_(std::move(connector)),
      state_(state),
      outbox_(outbox),
      events_(events),
      give_up_(give_up),
      writers_(executor) {}

base::Task<void> SupervisorLink::run() {
    // A cancellation must not throw: converse() still has to wait for its writer then.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    ReconnectPolicy policy(Clock::now(), give_up_);
    while (!state_.is_over()) {
        auto attempt = co_await try_once();
        auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) close();
        if (state_.is_over()) break;
        const auto pause = policy.next_pause(attempt, Clock::now());
        if (!pause) {
            state_.fail(attempt.error.with_context("reach the job's supervisor"));
            break;
        }
        events_.lost(attempt.error);
        auto slept = co_await base::sleep_for(*pause);
        if (!slept) close();
    }
}

void SupervisorLink::close() {
    state_.fail(base::make_error(ErrorKind::kUnavailable,
                                 "the conversation with the job's supervisor was ended"));
    if (stream_) stream_->close();
}

base::Task<ReconnectPolicy::Attempt> SupervisorLink::try_once() {
    ReconnectPolicy::Attempt attempt;
    auto connecting = connector_();
    auto stream = co_await std::move(connecting);
    if (stream) {
        const auto began = Clock::now();
        std::shared_ptr<Stream> shared = std::move(*stream);
        auto talked = co_await converse(shared);
        attempt.error = end_of_connection(talked);
        attempt.lasted = Clock::now() - began;
        attempt.has_delivered = events_.has_delivered();
        attempt.has_delivered_record = events_.has_delivered_record();
    } else {
        attempt.error = stream.error();
    }
    attempt.shutting_down = shutting_down_;
    co_return attempt;
}

base::Task<base::Result<void>> SupervisorLink::converse(std::shared_ptr<Stream> stream) {
    // close() may have come while the connection was being made.
    if (state_.is_over()) co_return base::Result<void>();
    stream_ = stream;
    outbox_.open(hello_frame(events_.offset()));
    writers_.spawn("supervisor commands", outbox_.write_to(stream));
    auto read = co_await events_.read_from(*stream);
    stream->close();
    stream_.reset();
    outbox_.close();
    co_await writers_.wait();
    co_return std::move(read);
}

}  // namespace executors::session
