#include "runner/job/checkpoint_writer.hpp"

#include <algorithm>
#include <utility>

namespace runner::job {

void CheckpointWriter::write(journal::Checkpoint& state, const JobChannel::Mark& mark) {
    if (mark.complete) {
        state.spool_bytes = mark.bytes;
        state.trace_state = mark.state;
        stored_offset_ = state.events_offset;
    }
    // Less than the stored one: a new environment has begun another log of events.
    stored_offset_ = std::min(stored_offset_, state.events_offset);
    const std::uint64_t offset = std::exchange(state.events_offset, stored_offset_);
    const auto saved = journal_.save(state);
    state.events_offset = offset;
    if (saved && std::exchange(failed_, false)) {
        daemon_log_.info("The journal is written again: the job would survive a restart");
    } else if (!saved && !std::exchange(failed_, true)) {
        daemon_log_.error(
            "The journal cannot be written: the job goes on, but would not survive a restart",
            {{"error", saved.error().message}});
    }
}

}  // namespace runner::job
