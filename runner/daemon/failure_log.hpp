#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace runner::daemon {

/// Decides which failures of a repeated action are logged: the first one, each one whose text
/// differs from the text before, and in a series of equal ones the next after one minute, then
/// after two, four … minutes, at most one hour. Pure: the caller gives the time.
class FailureLog {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// The number of failures of `key` since its last success; nullopt when this one is not logged.
    std::optional<int> failed(const std::string& key, const std::string& message, TimePoint now);
    /// The number of failures of `key` before this success; nullopt when there was none.
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
