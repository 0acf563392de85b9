#include "runner/daemon/shutdown.hpp"

#include <csignal>

namespace runner::daemon {

ShutdownPlan::Action ShutdownPlan::on_signal(int signal) {
    switch (signal) {
        case SIGUSR1: return Action::kDescribe;
        case SIGHUP: return state_ == State::kRunning ? Action::kReload : Action::kNone;
        case SIGQUIT: return enter(State::kDraining, Action::kDrain);
        case SIGUSR2: return enter(State::kHandingOver, Action::kHandOver);
        default: break;
    }
    if (state_ == State::kHandingOver || state_ == State::kStopping) return Action::kLeave;
    return enter(State::kStopping, Action::kStop);
}

ShutdownPlan::Action ShutdownPlan::enter(State wanted, Action action) {
    if (wanted <= state_) return Action::kNone;
    state_ = wanted;
    return action;
}

const char* ShutdownPlan::state_name() const {
    switch (state_) {
        case State::kRunning: return "running";
        case State::kDraining:
        case State::kHandingOver: return "graceful-shutdown";
        case State::kStopping: return "forceful-shutdown";
    }
    return "running";
}

}  // namespace runner::daemon
