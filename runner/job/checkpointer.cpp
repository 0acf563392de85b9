#include "runner/job/checkpointer.hpp"

#include <utility>

namespace runner::job {

using journal::Phase;

namespace {

/// The shortest time between two checkpoints that serve() writes.
constexpr std::chrono::milliseconds kSaveInterval{20};
/// The time between two checkpoints while the log grows without requests: during the preparation,
/// which may pull an image for minutes, or when services write to the log.
constexpr std::chrono::milliseconds kOthersInterval{500};

}  // namespace

Checkpointer::Checkpointer(const boost::asio::any_io_executor& io, journal::Journal journal,
                           JobChannel& channel, base::log::Scope daemon_log,
                           status::JobState& status, journal::Checkpoint state)
    : writer_(std::move(journal), std::move(daemon_log), state.events_offset),
      channel_(channel),
      status_(status),
      state_(std::move(state)),
      changed_(io) {}

void Checkpointer::request() {
    due_ = true;
    changed_.notify_all();
}

void Checkpointer::finish() {
    finished_ = true;
    changed_.notify_all();
}

base::Task<void> Checkpointer::serve() {
    while (!finished_ && state_.phase < Phase::kCleaning) {
        const bool look_often = state_.phase == Phase::kPreparing || others_write_;
        if (!due_ && look_often) {
            auto notified = co_await changed_.wait_for(kOthersInterval);
            if (!notified) due_ = true;
            continue;
        }
        if (!due_) {
            co_await changed_.wait();
            continue;
        }
        save();
        const auto pause = log_waits_ ? kOthersInterval : kSaveInterval;
        auto slept = co_await base::sleep_for(pause);
        static_cast<void>(slept);  // a cancelled sleep only saves earlier
    }
}

void Checkpointer::save() {
    if (finished_) return;
    const JobChannel::Mark mark = channel_.mark();
    log_waits_ = !mark.complete;
    due_ = log_waits_;
    writer_.write(state_, mark);
    if (mark.complete) channel_.commit(mark.bytes);
    status_.log_backlog_bytes = channel_.backlog();
}

}  // namespace runner::job
