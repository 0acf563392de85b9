#include "runner/trace/uploader.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace runner::trace {

using protocol::gitlab::JobSignals;
using protocol::gitlab::PatchOutcome;
using protocol::gitlab::PatchResult;
using protocol::gitlab::UpdateOutcome;
using protocol::gitlab::UpdateResult;

namespace {
constexpr const char* kShortSpool = "the spool is shorter than it should be";
}  // namespace

Uploader::Uploader(const boost::asio::any_io_executor& executor, const JobTrace& trace,
                   TraceTarget& target, UploaderCallbacks callbacks, UploadTimes times,
                   std::uint64_t confirmed_bytes, const base::Clock& clock)
    : trace_(trace),
      target_(target),
      callbacks_(std::move(callbacks)),
      clock_(clock),
      times_(times),
      schedule_(times, confirmed_bytes, clock.now()),
      changed_(executor),
      confirmed_(confirmed_bytes) {}

void Uploader::stop() {
    stopping_ = true;
    changed_.notify_all();
}

void Uploader::set_available(std::uint64_t bytes) {
    if (bytes == available_) return;
    available_ = bytes;
    // Waking the loop costs more than checking whether it has to wake.
    const auto action = schedule_.next(clock_.now(), available_);
    if (action.kind != UploadSchedule::Action::Kind::kWait) changed_.notify_all();
    if (first_backlog_) changed_.notify_all();
    first_backlog_ = false;
}

void Uploader::expedite() { schedule_.expedite(available_); }

void Uploader::handle_signals(const JobSignals& signals, bool aborted) {
    if (aborted && !aborted_) {
        aborted_ = true;
        if (callbacks_.on_abort) callbacks_.on_abort();
    }
    if (signals.cancel_requested && !aborted_ && !cancel_reported_) {
        cancel_reported_ = true;
        if (callbacks_.on_cancel) callbacks_.on_cancel();
    }
}

void Uploader::confirm(std::uint64_t bytes) {
    if (bytes == confirmed_) return;
    confirmed_ = bytes;
    if (callbacks_.on_confirmed) callbacks_.on_confirmed();
}

base::Task<void> Uploader::run() {
    while (!stopping_ && !aborted_) {
        const auto now = clock_.now();
        const auto action = schedule_.next(now, available_);
        bool goes_on = true;
        switch (action.kind) {
            case UploadSchedule::Action::Kind::kWait: {
                first_backlog_ = available_ <= confirmed_;
                const auto limit = action.until - now;
                co_await changed_.wait_for(limit);
                break;
            }
            case UploadSchedule::Action::Kind::kPatch: goes_on = co_await send_patch(action); break;
            case UploadSchedule::Action::Kind::kTouch: goes_on = co_await send_touch(); break;
        }
        if (!goes_on) break;
    }
}

base::Task<bool> Uploader::send_patch(UploadSchedule::Action action) {
    const auto content = trace_.spool().part(action.offset, action.bytes);
    const std::uint64_t end = action.offset + content.bytes;
    PatchResult result;
    result.message = kShortSpool;
    if (content.bytes > 0) result = co_await target_.patch(content, action.offset);
    if (result.outcome == PatchOutcome::kCancelled) co_return false;
    if (result.outcome == PatchOutcome::kFailed || result.outcome == PatchOutcome::kNotFound) {
        base::log::warning("Appending to the job's log failed; it is tried again",
                           {{"offset", action.offset}, {"error", result.message}});
    }
    schedule_.patched(clock_.now(), result, end, available_);
    confirm(schedule_.confirmed_bytes());
    handle_signals(result.signals, result.outcome == PatchOutcome::kAborted);
    co_return true;
}

base::Task<bool> Uploader::send_touch() {
    UpdateResult result = co_await target_.touch(trace_.checksum(), trace_.spool_bytes());
    if (result.outcome == UpdateOutcome::kCancelled) co_return false;
    if (result.outcome == UpdateOutcome::kFailed) {
        base::log::warning("Updating the job failed; it is tried again",
                           {{"error", result.message}});
    }
    schedule_.touched(clock_.now(), result);
    handle_signals(result.signals, result.outcome == UpdateOutcome::kAborted);
    co_return true;
}

base::Task<FinalReport::End> Uploader::finish(int tries) {
    FinalReport report(confirmed_, trace_.spool_bytes(), tries);
    while (true) {
        const auto action = report.next();
        bool goes_on = true;
        switch (action.kind) {
            case FinalReport::Action::Kind::kPatch:
                goes_on = co_await send_final(report, action.offset);
                break;
            case FinalReport::Action::Kind::kUpdate: goes_on = co_await report_end(report); break;
            case FinalReport::Action::Kind::kWait:
                goes_on = co_await base::sleep_for(action.delay);
                report.waited();
                break;
            case FinalReport::Action::Kind::kDone: goes_on = false; break;
        }
        if (!goes_on) co_return report.end();
    }
}

base::Task<bool> Uploader::send_final(FinalReport& report, std::uint64_t offset) {
    const auto left = std::max(trace_.spool_bytes(), offset) - offset;
    const auto bytes = std::min<std::uint64_t>(left, times_.max_patch_bytes);
    const auto content = trace_.spool().part(offset, bytes);
    const std::uint64_t end = offset + content.bytes;
    PatchResult result;
    // Another try cannot send bytes that are missing.
    result.outcome = PatchOutcome::kNotFound;
    result.message = kShortSpool;
    if (content.bytes > 0) result = co_await target_.patch(content, offset);
    if (result.outcome == PatchOutcome::kCancelled) co_return false;
    if (result.outcome != PatchOutcome::kOk && result.outcome != PatchOutcome::kRangeMismatch) {
        base::log::warning("Sending the rest of the job's log failed",
                           {{"offset", offset}, {"error", result.message}});
    }
    report.patched(result, end);
    if (result.outcome == PatchOutcome::kOk) confirm(end);
    co_return true;
}

base::Task<bool> Uploader::report_end(FinalReport& report) {
    UpdateResult result = co_await target_.report(trace_.checksum(), trace_.spool_bytes());
    if (result.outcome == UpdateOutcome::kCancelled) co_return false;
    report.updated(result);
    if (result.outcome == UpdateOutcome::kFailed) {
        base::log::warning("Reporting the job's end failed", {{"error", result.message}});
    }
    co_return true;
}

}  // namespace runner::trace
