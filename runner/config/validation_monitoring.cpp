#include <fmt/format.h>
#include <re2/re2.h>

#include "base/cron.hpp"
#include "base/local_time.hpp"
#include "runner/config/validation.hpp"

namespace runner::config::validation {

void check_monitoring(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto fail = [&](std::string_view key, const std::string& text) {
        report.error(position_of(node, "monitoring"),
                     fmt::format("runners.monitoring.job_queuing_durations.{}: {}", key, text));
    };
    for (const QueuingDuration& entry : runner.queuing_durations) {
        if (entry.periods.empty()) {
            fail("periods", "without one the entry never counts: \"* * * * *\" is always");
        }
        for (const std::string& period : entry.periods) {
            if (const auto cron = base::CronExpression::parse(period); !cron) {
                fail("periods", fmt::format("\"{}\": {}", period, cron.error().message));
            }
        }
        if (const auto time = base::local_time(entry.timezone, 0); !time) {
            fail("timezone", time.error().message);
        }
        if (entry.threshold.count() <= 0) {
            fail("threshold", "it is missing, or not a duration above 0, as \"5m\"");
        }
        const RE2 pattern(entry.jobs_running_for_project, RE2::Quiet);
        if (!pattern.ok()) fail("jobs_running_for_project", pattern.error());
    }
}

}  // namespace runner::config::validation
