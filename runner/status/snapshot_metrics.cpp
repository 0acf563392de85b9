#include "runner/status/snapshot_metrics.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "base/log.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/status/metric_families.hpp"
#include "runner/status/process_figures.hpp"

namespace runner::status {

using prometheus::Labels;
using prometheus::Registry;

namespace {

void add_jobs(Registry& registry, const Snapshot& now) {
    auto& jobs = gauge(registry, "gitlab_runner_jobs", "Jobs that run now");
    for (const RunnerState& runner : now.runners) {
        const Labels labels = labels_of({runner.short_token, runner.name, now.system_id});
        jobs.Add(with(labels, {{"state", "idle"}, {"stage", "idle"}, {"executor_stage", "idle"}}))
            .Set(0);
    }
    for (const JobState& job : now.jobs) {
        const Labels labels = labels_of({job.short_token, job.runner_name, now.system_id});
        jobs.Add(with(labels, {{"state", job.state},
                               {"stage", job.stage},
                               {"executor_stage", job.executor_stage}}))
            .Increment();
    }
}

void add_runners(Registry& registry, const Snapshot& now) {
    auto& limit = gauge(registry, "gitlab_runner_limit", "Limit of the runner entry, 0 for none");
    auto& in_flight =
        gauge(registry, "gitlab_runner_request_concurrency", "Job requests under way");
    auto& hard = gauge(registry, "gitlab_runner_request_concurrency_hard_limit",
                       "Configured limit of job requests at once");
    auto& adaptive = gauge(registry, "gitlab_runner_request_concurrency_adaptive_limit",
                           "Limit computed from the server's answers");
    auto& used =
        gauge(registry, "gitlab_runner_request_concurrency_used_limit", "Limit that is in effect");
    for (const RunnerState& runner : now.runners) {
        const RunnerLabels about{runner.short_token, runner.name, now.system_id};
        limit.Add(labels_of(about)).Set(runner.limit);
        const Labels of_token{{"runner", runner.short_token}, {"system_id", now.system_id}};
        in_flight.Add(of_token).Set(runner.requests_in_flight);
        hard.Add(of_token).Set(runner.request_concurrency);
        adaptive.Add(of_token).Set(runner.adaptive_limit);
        used.Add(of_token).Set(runner.used_limit);
    }
}

/// What only this runner has (docs/metrics.md).
void add_own(Registry& registry, const Snapshot& now) {
    auto& contact = gauge(registry, "runner_last_contact_timestamp_seconds",
                          "Last answer of the server to this runner since 1970, 0 for none yet");
    auto& backlog = gauge(registry, "runner_trace_backlog_bytes",
                          "Bytes of the logs of running jobs that the server does not have yet");
    auto& paused = gauge(registry, "runner_paused",
                         "1 while the runner takes no new jobs by a command on this machine");
    auto& held = gauge(registry, "runner_paused_by_disk",
                       "1 while the runner takes no new jobs because a disk is short");
    for (const RunnerState& runner : now.runners) {
        const Labels labels = labels_of({runner.short_token, runner.name, now.system_id});
        held.Add(labels).Set(runner.disk_problem.empty() ? 0 : 1);
        contact.Add(labels).Set(static_cast<double>(runner.last_contact_unix_micros) / 1e6);
        backlog.Add(labels).Set(0);
        paused.Add(labels).Set(runner.paused ? 1 : 0);
    }
    for (const JobState& job : now.jobs) {
        backlog.Add(labels_of({job.short_token, job.runner_name, now.system_id}))
            .Increment(static_cast<double>(job.log_backlog_bytes));
    }
}

void add_disks(Registry& registry, const Snapshot& now) {
    auto& size = gauge(registry, "runner_disk_size_bytes", "Size of a file system in use");
    auto& space = gauge(registry, "runner_disk_free_bytes", "Free bytes of a file system in use");
    auto& inodes = gauge(registry, "runner_disk_inodes",
                         "Inodes of a file system in use, 0 when their number is not fixed");
    auto& free = gauge(registry, "runner_disk_free_inodes", "Free inodes of a file system in use");
    for (const DiskState& disk : now.disks) {
        if (disk.size_bytes == 0) continue;  // not measured yet
        const Labels labels{{"directory", disk.directory}, {"path", disk.path}};
        size.Add(labels).Set(static_cast<double>(disk.size_bytes));
        space.Add(labels).Set(static_cast<double>(disk.free_bytes));
        inodes.Add(labels).Set(static_cast<double>(disk.inodes));
        free.Add(labels).Set(static_cast<double>(disk.free_inodes));
    }
}

void add_warm(Registry& registry, const Snapshot& now) {
    auto& waiting = gauge(registry, "runner_warm_environments", "Environments that wait for a job");
    auto& memory = gauge(registry, "runner_warm_memory_bytes", "Memory that they use");
    auto& age = gauge(registry, "runner_warm_oldest_age_seconds", "Age of the oldest of them");
    auto& hits = counter(registry, "runner_warm_hits_total",
                         "Jobs that began in an environment that was ready");
    auto& misses = counter(registry, "runner_warm_misses_total",
                           "Jobs that found no environment that was ready, by reason");
    auto& made = counter(registry, "runner_warm_made_total", "Environments that were made ahead");
    auto& removed = counter(registry, "runner_warm_removed_total",
                            "Environments that were made ahead and removed without a job");
    for (const RunnerState& runner : now.runners) {
        const auto found = now.warm.counts.find(runner.short_token);
        if (found == now.warm.counts.end()) continue;
        const Labels labels = labels_of({runner.short_token, runner.name, now.system_id});
        const WarmCounts& counts = found->second;
        hits.Add(labels).Increment(static_cast<double>(counts.hits));
        made.Add(labels).Increment(static_cast<double>(counts.made));
        removed.Add(labels).Increment(static_cast<double>(counts.removed));
        for (const auto& [reason, count] : counts.misses)
            misses.Add(with(labels, {{"reason", reason}})).Increment(static_cast<double>(count));
        waiting.Add(labels).Set(0);
        memory.Add(labels).Set(0);
        age.Add(labels).Set(0);
        for (const auto& environment : now.warm.environments) {
            if (environment.short_token != runner.short_token) continue;
            waiting.Add(labels).Increment();
            memory.Add(labels).Increment(static_cast<double>(environment.memory_bytes));
            auto& oldest = age.Add(labels);
            oldest.Set(std::max(oldest.Value(), static_cast<double>(environment.age_seconds)));
        }
    }
}

void add_daemon(Registry& registry, const Snapshot& now) {
    gauge(registry, "gitlab_runner_concurrent", "Value of concurrent").Add({}).Set(now.concurrent);
    gauge(registry, "gitlab_runner_worker_slots_number", "Jobs that may run at once")
        .Add({})
        .Set(now.concurrent);
    gauge(registry, "gitlab_runner_process_state_info", "State of the process")
        .Add({{"state", now.process_state}})
        .Set(1);
    gauge(registry, "gitlab_runner_version_info", "What this program is")
        .Add({{"name", "runner"},
              {"version", std::string(base::version())},
              {"revision", std::string(base::revision())},
              {"branch", "main"},
              {"go_version", ""},
              {"built_at", ""},
              {"os", "linux"},
              {"architecture", protocol::gitlab::architecture()}})
        .Set(1);
}

void add_log_lines(Registry& registry) {
    auto& errors =
        counter(registry, "gitlab_runner_errors_total", "Lines of the daemon's log by level");
    using base::log::Level;
    for (const auto& [level, name] : std::map<Level, std::string>{
             {Level::kWarning, "warning"}, {Level::kError, "error"}, {Level::kFatal, "fatal"}}) {
        errors.Add({{"level", name}}).Increment(static_cast<double>(base::log::count(level)));
    }
    // Sums over the official levels find all of them; this program has no such level.
    errors.Add({{"level", "panic"}});
}

void add_process(Registry& registry, const Snapshot& now) {
    const ProcessFigures figures = process_figures();
    counter(registry, "process_cpu_seconds_total", "User and system CPU time")
        .Add({})
        .Increment(figures.cpu_seconds);
    gauge(registry, "process_resident_memory_bytes", "Resident memory")
        .Add({})
        .Set(figures.resident_bytes);
    gauge(registry, "process_virtual_memory_bytes", "Virtual memory")
        .Add({})
        .Set(figures.virtual_bytes);
    gauge(registry, "process_start_time_seconds", "Start of the process since 1970")
        .Add({})
        .Set(static_cast<double>(now.started_unix_micros) / 1e6);
    gauge(registry, "process_open_fds", "Open file descriptors").Add({}).Set(figures.open_files);
    gauge(registry, "process_max_fds", "Limit of file descriptors").Add({}).Set(figures.max_files);
}

}  // namespace

void add_snapshot_metrics(Registry& registry, const Snapshot& now) {
    add_jobs(registry, now);
    add_runners(registry, now);
    add_own(registry, now);
    add_disks(registry, now);
    add_warm(registry, now);
    add_daemon(registry, now);
    add_log_lines(registry);
    add_process(registry, now);
}

}  // namespace runner::status
