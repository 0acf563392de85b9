#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace runner::daemon {

/// Decides which runners are asked for jobs (runner-protocol.md §6.4). Pure: the time comes from
/// the caller.
///
/// After `limit` refusals in a row, the runner is not asked until `interval` has passed since its
/// last good answer. Then it is asked once, and the count starts again.
class HealthTracker {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Whether the runner may be asked now. `key` is URL and token.
    bool may_ask(const std::string& key, int limit, std::chrono::nanoseconds interval,
                 TimePoint now);
    /// Until when the runner is not asked; nullopt when it may be asked. Changes nothing.
    [[nodiscard]] std::optional<TimePoint> resting_until(const std::string& key, int limit,
                                                         std::chrono::nanoseconds interval,
                                                         TimePoint now) const;
    void record_healthy(const std::string& key, TimePoint now);
    /// Answers true when this failure was the one that made the runner unhealthy.
    bool record_unhealthy(const std::string& key, int limit);
    /// After a reload of the configuration every runner is asked again.
    void clear() { entries_.clear(); }

  private:
    struct Entry {
        int failures = 0;
        TimePoint last_healthy;
    };
    Entry& entry(const std::string& key, TimePoint now);

    std::map<std::string, Entry> entries_;
};

}  // namespace runner::daemon
