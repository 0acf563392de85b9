#include "runner/daemon/failure_log.hpp"

#include <algorithm>

namespace runner::daemon {

namespace {
constexpr std::chrono::minutes kFirstPause{1};
constexpr std::chrono::minutes kLongestPause{60};
}  // namespace

std::optional<int> FailureLog::failed(const std::string& key, const std::string& message,
                                      TimePoint now) {
    Series& series = series_[key];
    ++series.count;
    const bool same = series.count > 1 && series.message == message;
    if (same && now < series.next) return std::nullopt;
    series.pause = same ? std::min(series.pause * 2, kLongestPause) : kFirstPause;
    series.next = now + series.pause;
    series.message = message;
    return series.count;
}

std::optional<int> FailureLog::succeeded(const std::string& key) {
    const auto found = series_.find(key);
    if (found == series_.end()) return std::nullopt;
    const int count = found->second.count;
    series_.erase(found);
    return count;
}

}  // namespace runner::daemon
