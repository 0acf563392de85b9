#pragma once

namespace runner::daemon {

/// What a signal means, given what has been asked before (runner-protocol.md §6.6). Pure.
///
/// QUIT: no new jobs, wait for those that run. TERM, INT: stop the jobs with a report, for a
/// limited time. Any of these after TERM or INT, and TERM or INT after QUIT's wait has become a
/// stop: leave at once.
class ShutdownPlan {
  public:
    enum class Action {
        kNone,
        kReload,
        kDescribe,  ///< USR1, USR2: say in the debug log what is going on
        kDrain,     ///< graceful: wait for the jobs
        kStop,      ///< forceful: every job is told to stop and to report
        kLeave,     ///< now
    };

    Action on_signal(int signal);
    [[nodiscard]] bool stopping() const { return state_ != State::kRunning; }
    /// Process state's official name: running, graceful-shutdown, forceful-shutdown.
    [[nodiscard]] const char* state_name() const;

  private:
    enum class State { kRunning, kDraining, kStopping };
    State state_ = State::kRunning;
};

}  // namespace runner::daemon
