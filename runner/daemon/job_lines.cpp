#include "runner/daemon/job_lines.hpp"

#include <string>

#include "base/clock.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::daemon {

namespace {

/// Only a failure of the runner is one that its admin has to act on.
base::log::Level level_of(const journal::Failure& failure) {
    const bool own = failure.reason == journal::FailureReason::kSystemFailure;
    return own ? base::log::Level::kError : base::log::Level::kInfo;
}

}  // namespace

void log_received(const base::log::Scope& daemon_log, const protocol::gitlab::JobPayload& payload) {
    const auto& info = payload.job_info;
    daemon_log.info("Checking for jobs... received",
                    {{"repo_url", script::without_credentials(payload.git_info.repo_url)},
                     {"project_full_path", info.project_full_path},
                     {"name", info.name},
                     {"time_in_queue_seconds", info.time_in_queue_seconds},
                     {"queue_size", info.queue_size},
                     {"queue_depth", info.queue_depth}});
}

void log_refused(const base::log::Scope& daemon_log, const journal::Failure& why) {
    daemon_log.write(level_of(why), "A job cannot be started",
                     {{"failure_reason", to_string(why.reason)}, {"error", why.message}});
}

void log_end(const job::JobRun& run) {
    const auto& context = run.context();
    const auto age = base::unix_micros_now() - context.status.started_unix_micros;
    const auto& restored = context.setup.restored;
    if (restored && restored->phase == journal::Phase::kCleaning) {
        // A former daemon has told of the end.
        return context.daemon_log.debug("What a job had left was removed");
    }
    const double duration = static_cast<double>(age) / 1e6;
    const auto& failure = run.outcome().failure;
    if (!failure) {
        return context.daemon_log.info("Job succeeded",
                                       {{"job_status", "success"}, {"duration_s", duration}});
    }
    context.daemon_log.write(level_of(*failure), "Job failed",
                             {{"job_status", "failed"},
                              {"failure_reason", to_string(failure->reason)},
                              {"exit_code", failure->exit_code},
                              {"error", failure->message},
                              {"duration_s", duration}});
}

}  // namespace runner::daemon
