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

template <typename T>
base::Task<base::Result<T>> as_result(base::Task<T> call) {
    T result = co_await std::move(call);
    co_return result;
}

/// `call`, which fails after kAnswerLimit and is cancelled by `stop`.
template <typename T>
base::Task<T> limited(base::StopSource* stop, base::Task<T> call) {
    const auto limit = std::chrono::steady_clock::now() + Uploader::kAnswerLimit;
    auto calling = as_result(std::move(call));
    auto answered = co_await base::run_stoppable<T>(stop, std::move(calling), limit);
    if (answered) co_return std::move(*answered);
    T failed;
    failed.message = answered.error().message;
    const bool stopped = answered.error().is(base::ErrorKind::kCancelled);
    using Outcome = decltype(failed.outcome);
    failed.outcome = stopped ? Outcome::kCancelled : Outcome::kFailed;
    co_return failed;
}

/// Sends a piece of the log.
base::Task<PatchResult> exchange(TraceTarget& target, base::FilePart content, std::uint64_t offset,
                                 base::StopSource* stop) {
    PatchResult result;
    // Another try cannot send bytes that are missing.
    result.outcome = PatchOutcome::kNotFound;
    result.message = kShortSpool;
    if (content.bytes == 0) co_return result;
    auto sending = target.patch(content, offset);
    result = co_await limited(stop, std::move(sending));
    co_return result;
}

/// Tells of failures in the daemon's log.
void tell_of_patch(const PatchResult& result, std::uint64_t offset, std::uint64_t bytes,
                   const base::log::Scope& daemon_log) {
    const base::log::Fields about{{"offset", offset}, {"bytes", bytes}, {"error", result.message}};
    switch (result.outcome) {
        case PatchOutcome::kOk:
        case PatchOutcome::kRangeMismatch:
        case PatchOutcome::kCancelled: return;
        case PatchOutcome::kTooLarge:
            daemon_log.warning("The server takes only smaller pieces of the job's log", about);
            break;
        default: daemon_log.warning("Appending to the job's log failed", about);
    }
}

void tell_of_lost_log(const FinalReport& report, const base::log::Scope& daemon_log) {
    const bool over = report.end() == FinalReport::End::kReported;
    if (!over || report.log_is_complete()) return;
    daemon_log.error("The server did not take the rest of the job's log, which is lost",
                     {{"sent", report.sent_bytes()}, {"size", report.log_bytes()}});
}

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
      acceptance_(times.max_patch_bytes),
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

base::Task<void> Uploader::announce() {
    auto touching =
        touch("", 0, "The server did not confirm the job's start; it begins all the same");
    const bool answered = co_await std::move(touching);
    static_cast<void>(answered);  // run() ends by itself
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
            case UploadSchedule::Action::Kind::kTouch: {
                auto touching = touch(trace_.checksum(), trace_.spool_bytes(),
                                      "Updating the job failed; it is tried again");
                goes_on = co_await std::move(touching);
                break;
            }
        }
        if (!goes_on) break;
    }
}

base::Task<bool> Uploader::send_patch(UploadSchedule::Action action) {
    const auto bytes = std::min<std::uint64_t>(action.bytes, acceptance_.patch_bytes());
    const auto content = trace_.spool().part(action.offset, bytes);
    PatchResult result = co_await exchange(target_, content, action.offset, &exchange_stop_);
    if (result.outcome == PatchOutcome::kCancelled) co_return false;
    acceptance_.answered(result, content.bytes);
    tell_of_patch(result, action.offset, content.bytes, target_.daemon_log());
    schedule_.patched(clock_.now(), result, action.offset + content.bytes, available_);
    if (acceptance_.refused()) {
        schedule_.end_log();
        target_.daemon_log().error(
            "The server refuses the job's log, which ends here; the job's end tries it once more",
            {{"offset", action.offset}, {"error", result.message}});
    }
    confirm(schedule_.confirmed_bytes());
    handle_signals(result.signals, result.outcome == PatchOutcome::kAborted);
    co_return true;
}

/// `on_failure`: for the daemon's log.
base::Task<bool> Uploader::touch(std::string checksum, std::uint64_t bytes,
                                 const char* on_failure) {
    auto touching = target_.touch(std::move(checksum), bytes);
    UpdateResult result = co_await limited(&exchange_stop_, std::move(touching));
    if (result.outcome == UpdateOutcome::kCancelled) co_return false;
    if (result.outcome == UpdateOutcome::kFailed)
        target_.daemon_log().warning(on_failure, {{"error", result.message}});
    schedule_.touched(clock_.now(), result);
    handle_signals(result.signals, result.outcome == UpdateOutcome::kAborted);
    co_return true;
}

base::Task<FinalReport::End> Uploader::finish(int tries) {
    FinalReport report(confirmed_, trace_.spool_bytes(), tries, clock_.now());
    acceptance_.allow_one_more();
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
        if (!goes_on) break;
    }
    tell_of_lost_log(report, target_.daemon_log());
    co_return report.end();
}

base::Task<bool> Uploader::send_final(FinalReport& report, std::uint64_t offset) {
    const auto left = std::max(trace_.spool_bytes(), offset) - offset;
    const auto bytes = std::min<std::uint64_t>(left, acceptance_.patch_bytes());
    const auto content = trace_.spool().part(offset, bytes);
    const std::uint64_t end = offset + content.bytes;
    PatchResult result = co_await exchange(target_, content, offset, nullptr);
    if (result.outcome == PatchOutcome::kCancelled) co_return false;
    acceptance_.answered(result, content.bytes);
    tell_of_patch(result, offset, content.bytes, target_.daemon_log());
    report.patched(clock_.now(), result, end);
    if (acceptance_.refused()) report.end_log();
    if (result.outcome == PatchOutcome::kOk) confirm(end);
    co_return true;
}

base::Task<bool> Uploader::report_end(FinalReport& report) {
    const bool complete = report.log_is_complete();
    std::string checksum = complete ? trace_.checksum() : std::string();
    const std::uint64_t bytes = complete ? trace_.spool_bytes() : 0;
    UpdateResult result = co_await target_.report(std::move(checksum), bytes);
    if (result.outcome == UpdateOutcome::kCancelled) co_return false;
    report.updated(result);
    if (result.outcome == UpdateOutcome::kFailed) {
        target_.daemon_log().warning("Reporting the job's end failed", {{"error", result.message}});
    }
    co_return true;
}

}  // namespace runner::trace
