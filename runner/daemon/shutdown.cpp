#include "runner/daemon/shutdown.hpp"

#include <csignal>

namespace runner::daemon {

ShutdownPlan::Action ShutdownPlan::on_signal(int signal) {
    if (signal == SIGUSR1 || signal == SIGUSR2) return Action::kDescribe;
    if (signal == SIGHUP) return state_ == State::kRunning ? Action::kReload : Action::kNone;
    if (state_ == State::kStopping) return Action::kLeave;
    if (signal == SIGQUIT) {
        // A second QUIT changes nothing: the daemon continues to wait for its jobs.
        if (state_ == State::kDraining) return Action::kNone;
        state_ = State::kDraining;
        return Action::kDrain;
    }
    state_ = State::kStopping;
    return Action::kStop;
}

const char* ShutdownPlan::state_name() const {
    switch (state_) {
        case State::kRunning: return "running";
        case State::kDraining: return "graceful-shutdown";
        case State::kStopping: return "forceful-shutdown";
    }
    return "running";
}

}  // namespace runner::daemon
