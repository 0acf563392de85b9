#include "executors/docker/background_filling.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kPause{10};
constexpr std::chrono::minutes kLongestPause{24 * 60};
constexpr int kMostDoublings = 8;
constexpr std::size_t kMostTried = 500;

Task<Result<void>> make_container(VolumeFilling& filling, std::string& container) {
    auto made = co_await filling.make_container();
    // Another daemon is filling it.
    if (!made && made.error().is(ErrorKind::kConflict)) co_return Result<void>();
    if (!made) co_return made.error();
    container = *made;
    co_return Result<void>();
}

}  // namespace

bool FillingPauses::may_begin(const std::string& volume, Time now) const {
    const auto last = tried_.find(volume);
    return last == tried_.end() || now >= last->second.next;
}

void FillingPauses::note_begin(const std::string& volume, Time now) {
    if (tried_.size() >= kMostTried) tried_.clear();
    tried_[volume].next = now + kPause;
}

void FillingPauses::note_end(const std::string& volume, bool failed, Time now) {
    Tried& tried = tried_[volume];
    const int doublings = failed ? std::min(tried.failures++, kMostDoublings) : 0;
    if (!failed) tried.failures = 0;
    tried.next = now + std::min<std::chrono::minutes>(kPause * (1 << doublings), kLongestPause);
}

void BackgroundFilling::begin(std::unique_ptr<VolumeFilling> filling) {
    const std::string volume = filling->volume();
    const auto now = Clock::now();
    if (background_ == nullptr || busy_ || stop_.requested()) return;
    if (!pauses_.may_begin(volume, now)) return;
    pauses_.note_begin(volume, now);
    if (const std::string reason = pressure_(); !reason.empty()) {
        base::log::warning("A volume is not filled now", {{"volume", volume}, {"reason", reason}});
        return;
    }
    volume_ = volume;
    background_->spawn("filling of " + volume,
                       run(std::move(filling), std::make_unique<BusyFlag>(busy_)));
}

/// A cancelled coroutine could not await the removal of the container any more: stop() ends the
/// filling.
Task<void> BackgroundFilling::run(std::unique_ptr<VolumeFilling> filling, Busy busy) {
    auto work = fill(*filling);
    auto filled = co_await run_uncancelled(std::move(work));
    busy.reset();
    volume_.clear();
    if (!filled && filled.error().is(ErrorKind::kCancelled)) co_return;
    pauses_.note_end(filling->volume(), !filled, Clock::now());
    if (!filled) filling->tell_failure(filled.error());
}

Task<Result<void>> BackgroundFilling::fill(VolumeFilling& filling) {
    std::string container;
    auto work = make_and_fill(filling, container);
    auto filled = co_await base::run_stoppable(&stop_, std::move(work), Clock::now() + limit_);
    if (container.empty()) co_return filled;
    auto removed = co_await api_.remove_container(container, false);
    if (!filled) co_return filled;
    co_return removed;
}

Task<Result<void>> BackgroundFilling::make_and_fill(VolumeFilling& filling,
                                                    std::string& container) {
    // One that a killed daemon has left would keep the name.
    co_await sweep();
    auto ready = co_await filling.make_ready();
    if (!ready) co_return ready;
    auto making = make_container(filling, container);
    auto made = co_await run_uncancelled(std::move(making));
    if (!made || container.empty()) co_return made;
    auto filled = co_await filling.fill(container);
    co_return filled;
}

Task<void> BackgroundFilling::sweep() {
    RemovalTally tally;
    FillSweep old;
    old.age = kPause;
    auto swept = co_await remove_fill_containers(api_, std::move(old), tally);
    auto result = swept ? tally.result() : Result<int>(swept.error());
    if (result || result.error().is(ErrorKind::kCancelled)) co_return;
    base::log::warning("Containers that filled volumes could not be removed",
                       {{"error", result.error().message}});
}

}  // namespace executors::docker
