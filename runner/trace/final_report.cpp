#include "runner/trace/final_report.hpp"

#include <algorithm>

namespace runner::trace {

using protocol::gitlab::JobSignals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateOutcome;
using protocol::gitlab::UpdateResult;
using std::chrono::milliseconds;

namespace {
constexpr milliseconds kInterval{3000};
constexpr milliseconds kMaxBackoff = std::chrono::minutes(60);
/// So many answers of the same kind count as a failure.
constexpr int kMaxMismatches = 5;
constexpr int kMaxResets = 5;
/// GitLab itself applies an accepted outcome after five minutes.
constexpr int kMaxAccepted = 200;
}  // namespace

FinalReport::FinalReport(std::uint64_t confirmed_bytes, std::uint64_t size, int tries)
    : sent_(std::min(confirmed_bytes, size)), size_(size), tries_left_(std::max(tries, 1)) {}

FinalReport::Action FinalReport::next() const {
    Action action;
    if (end_ != End::kOpen) return action;
    if (delay_.count() > 0) {
        action.kind = Action::Kind::kWait;
        action.delay = delay_;
    } else if (!log_given_up_ && sent_ < size_) {
        action.kind = Action::Kind::kPatch;
        action.offset = sent_;
    } else {
        action.kind = Action::Kind::kUpdate;
    }
    return action;
}

void FinalReport::failed() {
    mismatches_ = 0;
    if (--tries_left_ <= 0) {
        end_ = End::kGivenUp;
        return;
    }
    delay_ = backoff_;
    backoff_ = std::min(backoff_ * 2, kMaxBackoff);
}

void FinalReport::pause(const JobSignals& signals) {
    delay_ = signals.update_interval ? milliseconds(*signals.update_interval) : kInterval;
}

void FinalReport::patched(const PatchResult& result, std::uint64_t end) {
    switch (result.outcome) {
        case PatchOutcome::kOk:
            sent_ = end;
            mismatches_ = 0;
            return;
        case PatchOutcome::kRangeMismatch:
            // An offset beyond the end: nothing is left to send; the checksum will show the
            // difference.
            sent_ = std::min(result.offset, size_);
            if (++mismatches_ > kMaxMismatches) {
                failed();
            } else if (mismatches_ > 1) {
                pause(result.signals);
            }
            return;
        // The server does not take the log; it may still take the outcome.
        case PatchOutcome::kNotFound:
        case PatchOutcome::kAborted: log_given_up_ = true; return;
        case PatchOutcome::kFailed: failed(); return;
        case PatchOutcome::kCancelled: return;
    }
}

void FinalReport::updated(const UpdateResult& result) {
    switch (result.outcome) {
        case UpdateOutcome::kOk: end_ = End::kReported; return;
        case UpdateOutcome::kAborted: end_ = End::kUnwanted; return;
        case UpdateOutcome::kAccepted:
            if (++accepted_ > kMaxAccepted) {
                end_ = End::kReported;
            } else {
                pause(result.signals);
            }
            return;
        case UpdateOutcome::kReset:
            sent_ = 0;
            log_given_up_ = false;
            if (++resets_ > kMaxResets) {
                failed();
            } else {
                pause(result.signals);
            }
            return;
        case UpdateOutcome::kFailed: failed(); return;
        case UpdateOutcome::kCancelled: return;
    }
}

}  // namespace runner::trace
