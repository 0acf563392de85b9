#pragma once

#include <chrono>
#include <map>
#include <string>

namespace runner::daemon {

/// Which runners are worth asking (runner-protocol.md §6.4). Pure: the time comes from the caller.
///
/// A runner whose server refuses it `limit` times in a row is left alone until `interval` after its
/// last good answer; then it gets one try, and the count starts again.
class HealthTracker {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Whether the runner may be asked now. `key` is URL and token.
    bool may_ask(const std::string& key, int limit, std::chrono::nanoseconds interval,
                 TimePoint now);
    void record_healthy(const std::string& key, TimePoint now);
    /// Answers true when this failure was the one that made the runner unhealthy.
    bool record_unhealthy(const std::string& key, int limit);
    /// A reload of the configuration gives everyone a new chance.
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
