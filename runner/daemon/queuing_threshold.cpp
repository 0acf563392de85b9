#include "runner/daemon/queuing_threshold.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <chrono>

#include "base/cron.hpp"
#include "base/local_time.hpp"

namespace runner::daemon {

namespace {

bool counts_now(const config::QueuingDuration& entry, std::int64_t unix_seconds) {
    const auto now = base::local_time(entry.timezone, unix_seconds);
    return now && std::any_of(entry.periods.begin(), entry.periods.end(), [&](const auto& period) {
               const auto cron = base::CronExpression::parse(period);
               return cron && cron->matches(*now);
           });
}

}  // namespace

bool queuing_exceeded(const std::vector<config::QueuingDuration>& durations, double waited_seconds,
                      const std::string& jobs_running_for_project, std::int64_t unix_seconds) {
    const auto found = std::find_if(durations.rbegin(), durations.rend(), [&](const auto& entry) {
        return counts_now(entry, unix_seconds);
    });
    if (found == durations.rend() || found->threshold.count() <= 0) return false;
    if (waited_seconds <= std::chrono::duration<double>(found->threshold).count()) return false;
    const std::string& wanted = found->jobs_running_for_project;
    return wanted.empty() || RE2::PartialMatch(jobs_running_for_project, wanted);
}

}  // namespace runner::daemon
