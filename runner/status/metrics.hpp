#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "runner/status/environment_metrics.hpp"
#include "runner/status/role_metrics.hpp"
#include "runner/status/runner_labels.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::status {

struct FinishedJob {
    RunnerLabels runner;
    std::chrono::milliseconds duration{};
    std::string failure_reason;  ///< "" for success
};

struct QueuedJob {
    RunnerLabels runner;
    std::string executor;
    double seconds_in_queue = 0;
    std::string project_jobs_running;
    std::int64_t queue_size = 0;
    std::int64_t queue_depth = 0;
};

struct ApiCall {
    RunnerLabels runner;
    std::string endpoint;
    std::string method;   ///< as on the wire
    unsigned status = 0;  ///< 0: no answer
    std::chrono::nanoseconds duration{};
    unsigned attempts = 1;
};

/// The result of a runner's turn to request a job.
enum class Feed {
    kOffered,
    kUnhealthy,      ///< skipped: the runner is unhealthy
    kNoRequestSlot,  ///< no request: as many as allowed are under way
};

/// The metrics with their official names (runner-protocol.md §8), in Prometheus's text format.
/// Counters and histograms are kept here; the values of the present state are taken from a Snapshot
/// for each page. Strand: the I/O thread.
class Metrics {
  public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void job_received(const QueuedJob& job);
    void job_finished(const FinishedJob& job);
    void stage_ended(const RunnerLabels& runner, const std::string& stage,
                     std::chrono::microseconds duration);
    /// A job waited longer for this runner than the configuration accepts.
    void queuing_exceeded(const RunnerLabels& runner);
    void api_call(const ApiCall& call);
    void configuration_loaded(bool ok);
    void configuration_saved(bool ok);
    /// From now on `concurrent` jobs may run at once.
    void places_changed(int concurrent);
    void fed(const RunnerLabels& runner, Feed feed);
    /// A job was received but could not be started.
    void job_refused(const RunnerLabels& runner);
    /// `problem`: parse, evaluation, sensitive_unsupported, or "" for none.
    void inputs_expanded(int count, const std::string& problem);
    void request_refused_by_server(const RunnerLabels& runner);
    /// What only this runner counts.
    [[nodiscard]] EnvironmentMetrics& environment() { return environment_; }
    [[nodiscard]] RoleMetrics& roles() { return roles_; }
    [[nodiscard]] std::string text(const Snapshot& now) const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
    mutable EnvironmentMetrics environment_;  ///< text() adds the series of configured runners
    RoleMetrics roles_;
};

}  // namespace runner::status
