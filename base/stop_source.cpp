#include "base/stop_source.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <vector>

namespace base {

std::string_view to_string(StopReason reason) {
    switch (reason) {
        case StopReason::kNone: return "none";
        case StopReason::kUserCancel: return "canceled";
        case StopReason::kAbort: return "aborted";
        case StopReason::kTimeout: return "timeout";
        case StopReason::kShutdown: return "shutdown";
        case StopReason::kAdminCancel: return "canceled by an administrator";
    }
    return "unknown";
}

void StopSource::request(StopReason reason) {
    if (reason_ == StopReason::kNone) reason_ = reason;
    // A handler may detach its own or other signals during emit(): go through a copy, and check
    // that each signal is still attached.
    const std::vector<boost::asio::cancellation_signal*> targets(attached_.begin(),
                                                                 attached_.end());
    for (auto* target : targets) {
        for (auto* still : attached_) {
            if (still == target) {
                target->emit(boost::asio::cancellation_type::terminal);
                break;
            }
        }
    }
}

StopSource::Registration::Registration(StopSource& source, boost::asio::cancellation_signal& signal)
    : source_(source), entry_(source.attached_.insert(source.attached_.end(), &signal)) {}

StopSource::Registration::~Registration() { source_.attached_.erase(entry_); }

Error error_from_exception(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        return make_error(error.code(), "operation");
    } catch (const std::exception& error) {
        return make_error(ErrorKind::kInternal, error.what());
    } catch (...) {
        return make_error(ErrorKind::kInternal, "unknown exception");
    }
}

namespace detail {

void arm(const std::shared_ptr<StoppableState>& state, const Deadline& deadline) {
    if (!deadline) return;
    state->timer.expires_at(*deadline);
    state->timer.async_wait([state](const boost::system::error_code& code) {
        if (code || state->done) return;
        state->timed_out = true;
        state->signal.emit(boost::asio::cancellation_type::terminal);
    });
}

Error stopped_error(const StoppableState& state, const StopSource* stop) {
    if (state.timed_out) return make_error(ErrorKind::kTimeout, "the time limit has passed");
    if (stop != nullptr && stop->requested()) {
        return make_error(ErrorKind::kCancelled,
                          "stopped: " + std::string(to_string(stop->reason())));
    }
    return make_error(ErrorKind::kCancelled, "stopped");
}

}  // namespace detail
}  // namespace base
