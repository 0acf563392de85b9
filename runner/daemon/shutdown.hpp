#pragma once

namespace runner::daemon {

/// What a signal means, given what has been asked before (runner-protocol.md §6.6). Pure.
///
/// QUIT: no new jobs, wait for those that run. TERM, INT: stop the jobs with a report, for a
/// limited time; a second one: leave at once. USR2: leave the running jobs to the next start, which
/// is about to come. QUIT asks for less than the others, so after one of them it changes nothing:
/// `systemctl stop` sends it to a service that is stopping already.
class ShutdownPlan {
  public:
    enum class Action {
        kNone,
        kReload,
        kDescribe,  ///< USR1: say in the debug log what is going on
        kDrain,     ///< graceful: wait for the jobs
        kHandOver,  ///< end without the jobs, which run on
        kStop,      ///< forceful: every job is told to stop and to report
        kLeave,     ///< now
    };

    Action on_signal(int signal);
    [[nodiscard]] bool stopping() const { return state_ != State::kRunning; }
    /// The process ends without its jobs.
    [[nodiscard]] bool handing_over() const { return state_ == State::kHandingOver; }
    /// Process state's official name: running, graceful-shutdown, forceful-shutdown.
    [[nodiscard]] const char* state_name() const;

  private:
    /// In this order: a state is left for a later one only.
    enum class State { kRunning, kDraining, kHandingOver, kStopping };
    Action enter(State wanted, Action action);
    State state_ = State::kRunning;
};

}  // namespace runner::daemon
