#pragma once

#include "base/log.hpp"
#include "base/task.hpp"
#include "runner/trace/job_trace.hpp"

namespace runner::job {

/// Writes a job's log to the disk, and says in the daemon's log, once each, that it waits for room
/// there, that it has some again, and that the rest of the log is lost.
///
/// Life: both references outlive it. Strand: the I/O thread.
class LogStorage {
  public:
    LogStorage(trace::JobTrace& trace, const base::log::Scope& daemon_log)
        : trace_(trace), daemon_log_(daemon_log) {}

    /// False when a part of the log waits in memory for room on the disk.
    bool store();
    /// The same; does nothing when nothing waits.
    bool has_room() { return trace_.spool().held_back() == 0 || store(); }
    /// Returns when nothing waits, after ten minutes at most.
    base::Task<void> wait_for_room();

  private:
    trace::JobTrace& trace_;
    const base::log::Scope& daemon_log_;
    bool waits_ = false;
    bool lost_ = false;
};

}  // namespace runner::job
