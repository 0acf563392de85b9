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
constexpr milliseconds kMaxLogBackoff{15'000};
/// So many answers of the same kind count as a failure.
constexpr int kMaxMismatches = 5;
constexpr int kMaxResets = 5;
/// GitLab itself applies an accepted outcome after five minutes.
constexpr int kMaxAccepted = 200;
}  // namespace

FinalReport::FinalReport(std::uint64_t confirmed_bytes, std::uint64_t size, int tries,
                         TimePoint now)
    : tries_left_(std::max(tries, 1)) {
    log_.size = size;
    log_.sent = log_.furthest = std::min(confirmed_bytes, size);
    log_.progress = now;
}

FinalReport::Action FinalReport::next() const {
    Action action;
    if (end_ != End::kOpen) return action;
    if (delay_.count() > 0) {
        action.kind = Action::Kind::kWait;
        action.delay = delay_;
    } else if (!log_.ended && !log_.skipped && log_.sent < log_.size) {
        action.kind = Action::Kind::kPatch;
        action.offset = log_.sent;
    } else {
        action.kind = Action::Kind::kUpdate;
    }
    return action;
}

void FinalReport::failed() {
    log_.mismatches = 0;
    log_.skipped = false;
    if (--tries_left_ <= 0) {
        end_ = End::kGivenUp;
        return;
    }
    delay_ = backoff_;
    backoff_ = std::min(backoff_ * 2, kMaxBackoff);
}

void FinalReport::log_failed(TimePoint now) {
    if (now - log_.progress >= kLogLimit) {
        log_.skipped = true;
        return;
    }
    delay_ = log_.backoff;
    log_.backoff = std::min(log_.backoff * 2, kMaxLogBackoff);
}

void FinalReport::pause(const JobSignals& signals) {
    delay_ = signals.update_interval ? milliseconds(*signals.update_interval) : kInterval;
}

void FinalReport::patched(TimePoint now, const PatchResult& result, std::uint64_t end) {
    switch (result.outcome) {
        case PatchOutcome::kOk:
            log_.sent = end;
            if (log_.sent <= log_.furthest) return;
            log_.furthest = log_.sent;
            log_.mismatches = 0;
            log_.progress = now;
            return;
        case PatchOutcome::kTooLarge: return;  // the caller makes the next one smaller
        case PatchOutcome::kRangeMismatch:
            // An offset beyond the end: nothing is left to send; the checksum will show the
            // difference.
            log_.sent = std::min(result.offset, log_.size);
            if (++log_.mismatches > kMaxMismatches) {
                log_.ended = true;
            } else if (log_.mismatches > 1) {
                pause(result.signals);
            }
            return;
        // The server does not take the log; it may still take the outcome.
        case PatchOutcome::kNotFound:
        case PatchOutcome::kAborted: log_.ended = true; return;
        case PatchOutcome::kRefused:
        case PatchOutcome::kFailed: log_failed(now); return;
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
            log_.sent = log_.furthest = 0;
            // A server that wants the log again and again cannot store it.
            if (++resets_ > kMaxResets) log_.ended = true;
            if (log_.ended) {
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
