#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace runner::daemon {

/// Decides which of many like failures is worth a line in the log: the first, each that differs
/// from the one before, and of a series one after a minute, then after two, four … up to an hour.
/// Pure: time comes in.
class FailureLog {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// How often `key` has failed without a success between, when that is to be written.
    std::optional<int> failed(const std::string& key, const std::string& message, TimePoint now);
    /// How often `key` had failed, when it had.
    std::optional<int> succeeded(const std::string& key);

  private:
    struct Series {
        std::string message;
        int count = 0;
        TimePoint next;
        std::chrono::minutes pause{1};
    };
    std::map<std::string, Series> series_;
};

}  // namespace runner::daemon
