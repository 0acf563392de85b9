#include "runner/trace/upload_schedule.hpp"

#include <algorithm>

namespace runner::trace {

using protocol::gitlab::JobSignals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateResult;
using std::chrono::milliseconds;

namespace {
/// The delay of the round after the first bytes of a script.
constexpr milliseconds kFollowUp{250};
constexpr milliseconds kMinDynamicTouch{30'000};
constexpr milliseconds kMaxDynamicTouch{1'800'000};
}  // namespace

UploadSchedule::UploadSchedule(UploadTimes times, std::uint64_t confirmed_bytes, TimePoint now)
    : times_(times),
      interval_(times.interval),
      confirmed_(confirmed_bytes),
      next_touch_(now + touch_after()),
      next_round_(now + interval_),
      paced_(now) {}

milliseconds UploadSchedule::touch_after() const {
    if (!times_.dynamic_touch) return times_.touch_after;
    return std::clamp(4 * interval_, kMinDynamicTouch, kMaxDynamicTouch);
}

UploadSchedule::TimePoint UploadSchedule::request_allowed_at() const {
    const auto spacing = milliseconds(std::chrono::minutes(1)) / times_.requests_per_minute;
    return paced_ - spacing * times_.burst;
}

void UploadSchedule::count_request(TimePoint now) {
    const auto spacing = milliseconds(std::chrono::minutes(1)) / times_.requests_per_minute;
    paced_ = std::max(paced_, now) + spacing;
}

bool UploadSchedule::round_due(TimePoint now, std::uint64_t available) const {
    if (available <= confirmed_ || log_ended_) return false;
    return in_round_ || now >= next_round_ || (urgent_beyond_ && available > *urgent_beyond_);
}

UploadSchedule::Action UploadSchedule::next(TimePoint now, std::uint64_t available) const {
    Action action;
    if (round_due(now, available)) {
        const auto allowed = request_allowed_at();
        if (now >= allowed) {
            action.kind = Action::Kind::kPatch;
            action.offset = confirmed_;
            action.bytes = static_cast<std::size_t>(
                std::min<std::uint64_t>(available - confirmed_, times_.max_patch_bytes));
            return action;
        }
        action.until = std::min(allowed, next_touch_);
    } else {
        const bool waiting = available > confirmed_ && !log_ended_;
        action.until = waiting ? std::min(next_round_, next_touch_) : next_touch_;
    }
    if (now >= next_touch_) action.kind = Action::Kind::kTouch;
    return action;
}

void UploadSchedule::end_round(TimePoint now) {
    const bool was_urgent = urgent_beyond_ && confirmed_ > *urgent_beyond_;
    next_round_ = now + (was_urgent ? std::min(kFollowUp, interval_) : interval_);
    if (was_urgent) urgent_beyond_.reset();
    in_round_ = false;
    mismatched_ = false;
}

void UploadSchedule::patched(TimePoint now, const PatchResult& result, std::uint64_t end,
                             std::uint64_t available) {
    count_request(now);
    read_signals(now, result.signals);
    switch (result.outcome) {
        case PatchOutcome::kOk:
            confirmed_ = end;
            next_touch_ = now + touch_after();
            in_round_ = end < available;
            break;
        case PatchOutcome::kRangeMismatch:
            confirmed_ = result.offset;
            next_touch_ = now + touch_after();
            // The first time at once; if the server contradicts itself, in the next round.
            in_round_ = !mismatched_ && confirmed_ < available;
            mismatched_ = true;
            break;
        // The same bytes at once, in a smaller patch: the caller knows the size.
        case PatchOutcome::kTooLarge: in_round_ = true; break;
        default:
            in_round_ = false;
            urgent_beyond_.reset();
            break;
    }
    if (!in_round_) end_round(now);
}

void UploadSchedule::touched(TimePoint now, const UpdateResult& result) {
    read_signals(now, result.signals);
    next_touch_ = now + touch_after();
}

void UploadSchedule::read_signals(TimePoint now, const JobSignals& signals) {
    if (!signals.update_interval) return;
    interval_ = *signals.update_interval;
    next_round_ = std::min(next_round_, now + interval_);
}

}  // namespace runner::trace
