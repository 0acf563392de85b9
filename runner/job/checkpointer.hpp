#pragma once

#include <filesystem>

#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/task.hpp"
#include "runner/job/checkpoint_writer.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::job {

/// Holds a job's checkpoint and writes it to the journal. The log is sent only up to the byte that
/// the last checkpoint covers.
///
/// Life: serve() is spawned once, in the job's group. It ends after finish(), or when the job's
/// phase is kCleaning. `channel` outlives the object, and so does `status`, which gets the log's
/// backlog with every checkpoint. Strand: the I/O thread. For failures see CheckpointWriter.
class Checkpointer {
  public:
    Checkpointer(const boost::asio::any_io_executor& io, journal::Journal journal,
                 JobChannel& channel, base::log::Scope daemon_log, status::JobState& status,
                 journal::Checkpoint state);

    /// The checkpoint that the next save() writes. Call save() or request() after a change.
    [[nodiscard]] journal::Checkpoint& state() { return state_; }
    [[nodiscard]] const journal::Checkpoint& state() const { return state_; }
    /// Writes the checkpoint now.
    void save();
    /// Asks serve() to write the checkpoint soon. Several requests lead to one write.
    void request();
    /// Services write to the job's log without a call of request(). From now on serve() writes the
    /// checkpoint at fixed intervals.
    void expect_other_writers() { others_write_ = true; }
    base::Task<void> serve();
    /// Ends serve(). Later calls of save() write nothing.
    void finish();
    /// Removes the job from the journal.
    base::Result<void> remove() { return writer_.remove(); }
    [[nodiscard]] const std::filesystem::path& directory() const { return writer_.directory(); }

  private:
    CheckpointWriter writer_;
    JobChannel& channel_;
    status::JobState& status_;
    journal::Checkpoint state_;
    base::Notifier changed_;
    bool due_ = false;
    bool others_write_ = false;
    bool finished_ = false;
    bool log_waits_ = false;  ///< for room on the disk
};

}  // namespace runner::job
