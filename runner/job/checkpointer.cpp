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
    : journal_(std::move(journal)),
      channel_(channel),
      daemon_log_(std::move(daemon_log)),
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
        auto slept = co_await base::sleep_for(kSaveInterval);
        static_cast<void>(slept);  // a cancelled sleep only saves earlier
    }
}

void Checkpointer::save() {
    if (finished_) return;
    due_ = false;
    const JobChannel::Mark mark = channel_.mark();
    state_.spool_bytes = mark.bytes;
    state_.trace_state = mark.state;
    auto saved = journal_.save(state_);
    if (!saved && !failed_) {
        failed_ = true;
        daemon_log_.error(
            "The journal cannot be written: the job goes on, but would not survive a restart",
            {{"error", saved.error().message}});
    }
    channel_.commit(mark.bytes);
    status_.log_backlog_bytes = channel_.backlog();
}

}  // namespace runner::job
