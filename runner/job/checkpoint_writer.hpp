#pragma once

#include <cstdint>
#include <filesystem>

#include "base/log.hpp"
#include "runner/job/job_channel.hpp"
#include "runner/journal/journal.hpp"

namespace runner::job {

/// Writes a job's checkpoints to the journal. While the disk has no room for all of the log, they
/// have the log and the events of the last one that had all of it, so both always belong together.
///
/// Strand: the I/O thread. Failures: that the journal cannot be written is logged once, and that it
/// can be written again. The job goes on, but a restart of the daemon would lose it meanwhile.
class CheckpointWriter {
  public:
    /// `events_offset`: that of the checkpoint in the journal.
    CheckpointWriter(journal::Journal journal, base::log::Scope daemon_log,
                     std::uint64_t events_offset)
        : journal_(std::move(journal)),
          daemon_log_(std::move(daemon_log)),
          stored_offset_(events_offset) {}

    void write(journal::Checkpoint& state, const JobChannel::Mark& mark);
    /// Removes the job from the journal.
    base::Result<void> remove() { return journal_.remove(); }
    [[nodiscard]] const std::filesystem::path& directory() const { return journal_.directory(); }

  private:
    journal::Journal journal_;
    base::log::Scope daemon_log_;
    std::uint64_t stored_offset_;  ///< the events whose output is on the disk
    bool failed_ = false;
};

}  // namespace runner::job
