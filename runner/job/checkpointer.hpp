#pragma once

#include <cstdint>

#include "base/notifier.hpp"
#include "base/task.hpp"
#include "runner/job/job_channel.hpp"
#include "runner/journal/journal.hpp"

namespace runner::job {

/// Keeps a job's checkpoint and brings it into the journal, before its log leaves the machine.
///
/// Life: serve() is spawned once, in the job's group, and ends after finish(), or once the job is
/// only cleaned up. `channel` outlives it. Strand: the I/O thread. Failures: a journal that cannot
/// be written is logged once; the job goes on, but would not survive a restart.
class Checkpointer {
  public:
    Checkpointer(const boost::asio::any_io_executor& io, journal::Journal journal,
                 JobChannel& channel, std::int64_t job_id, journal::Checkpoint state);

    /// What the next save() writes. Whoever changes it calls save() or request().
    [[nodiscard]] journal::Checkpoint& state() { return state_; }
    [[nodiscard]] const journal::Checkpoint& state() const { return state_; }
    /// Writes the checkpoint now.
    void save();
    /// Writes it soon: one time for many requests.
    void request();
    /// Others write to the job's log without a word to the job: services.
    void expect_other_writers() { others_write_ = true; }
    base::Task<void> serve();
    /// The job is over: nothing is written any more.
    void finish();
    /// Removes the job from the journal.
    base::Result<void> remove() { return journal_.remove(); }
    [[nodiscard]] const std::filesystem::path& directory() const { return journal_.directory(); }

  private:
    journal::Journal journal_;
    JobChannel& channel_;
    std::int64_t job_id_;
    journal::Checkpoint state_;
    base::Notifier changed_;
    bool due_ = false;
    bool others_write_ = false;
    bool finished_ = false;
    bool failed_ = false;
};

}  // namespace runner::job
