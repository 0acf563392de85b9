#include "runner/daemon/health.hpp"

namespace runner::daemon {

HealthTracker::Entry& HealthTracker::entry(const std::string& key, TimePoint now) {
    const auto [found, fresh] = entries_.try_emplace(key);
    if (fresh) found->second.last_healthy = now;
    return found->second;
}

bool HealthTracker::may_ask(const std::string& key, int limit, std::chrono::nanoseconds interval,
                            TimePoint now) {
    Entry& state = entry(key, now);
    if (state.failures < limit) return true;
    if (now - state.last_healthy < interval) return false;
    state.failures = 0;
    state.last_healthy = now;
    return true;
}

std::optional<HealthTracker::TimePoint> HealthTracker::resting_until(
    const std::string& key, int limit, std::chrono::nanoseconds interval, TimePoint now) const {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.failures < limit) return std::nullopt;
    const TimePoint end =
        found->second.last_healthy + std::chrono::duration_cast<TimePoint::duration>(interval);
    return end > now ? std::optional(end) : std::nullopt;
}

void HealthTracker::record_healthy(const std::string& key, TimePoint now) {
    Entry& state = entry(key, now);
    state.failures = 0;
    state.last_healthy = now;
}

bool HealthTracker::record_unhealthy(const std::string& key, int limit) {
    Entry& state = entries_[key];
    ++state.failures;
    return state.failures == limit;
}

}  // namespace runner::daemon
