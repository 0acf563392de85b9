#include "runner/status/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>
#include <utility>

#include "base/strings.hpp"
#include "runner/status/metric_families.hpp"
#include "runner/status/snapshot_metrics.hpp"

namespace runner::status {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

namespace {

const Histogram::BucketBoundaries kJobBuckets{30,   60,   300,   600,   1800,
                                              3600, 7200, 10800, 18000, 36000};
const Histogram::BucketBoundaries kStageBuckets{.1,  .5,  1,    5,    10,   30,    60,
                                                300, 600, 1800, 3600, 7200, 18000, 36000};
const Histogram::BucketBoundaries kQueueBuckets{1, 3, 10, 30, 60, 120, 300, 900, 1800, 3600};
const Histogram::BucketBoundaries kCallBuckets{.1, .25, .5, 1, 2.5, 5, 10, 30, 60};

std::string status_class(unsigned status) {
    return status == 0 ? "unknown" : std::to_string(status / 100) + "xx";
}

}  // namespace

class Metrics::Impl {
  public:
    Registry registry;
    Family<Counter>& jobs_total = counter(registry, "gitlab_runner_jobs_total", "Jobs handled");
    Family<Counter>& failed =
        counter(registry, "gitlab_runner_failed_jobs_total", "Failed jobs by reason");
    Family<Histogram>& duration =
        histogram(registry, "gitlab_runner_job_duration_seconds", "Duration of jobs");
    Family<Histogram>& stages =
        histogram(registry, "gitlab_runner_job_stage_duration_seconds",
                  "Duration of the stages of jobs with FF_EXPORT_HIGH_CARDINALITY_METRICS");
    Family<Counter>& late =
        counter(registry, "gitlab_runner_acceptable_job_queuing_duration_exceeded_total",
                "Jobs that waited longer than the threshold of the configuration");
    Family<Histogram>& queue = histogram(registry, "gitlab_runner_job_queue_duration_seconds",
                                         "Time that jobs waited in the server's queue");
    Family<Gauge>& queue_size =
        gauge(registry, "gitlab_runner_job_queue_size", "Queue length at the last job");
    Family<Gauge>& queue_depth =
        gauge(registry, "gitlab_runner_job_queue_depth", "Candidates examined for the last job");
    Family<Counter>& statuses = counter(registry, "gitlab_runner_api_request_statuses_total",
                                        "Answers of the server by status");
    Family<Histogram>& call_duration = histogram(
        registry, "gitlab_runner_api_request_duration_seconds", "Duration of calls to the server");
    Family<Counter>& retries = counter(registry, "gitlab_runner_api_request_retries_total",
                                       "Attempts of calls to the server");
    Family<Counter>& unhealthy =
        counter(registry, "gitlab_runner_worker_health_check_failures_total",
                "Job requests that the server refused");
    Family<Counter>& modes = counter(registry, "gitlab_runner_job_execution_mode_total",
                                     "Jobs by the way in which they run");
    Family<Counter>& feeds =
        counter(registry, "gitlab_runner_worker_feeds_total", "Turns of a runner to be asked for");
    Family<Counter>& feed_failures = counter(registry, "gitlab_runner_worker_feed_failures_total",
                                             "Turns that were skipped, as the runner is unhealthy");
    Family<Counter>& exceeded =
        counter(registry, "gitlab_runner_request_concurrency_exceeded_total",
                "Turns without a request, as enough are under way");
    Family<Counter>& processing =
        counter(registry, "gitlab_runner_worker_processing_failures_total",
                "Failures to take a job to a good end");
    Counter& inputs = counter(registry, "gitlab_runner_job_inputs_interpolations_total",
                              "Expressions of job inputs that were replaced")
                          .Add({});
    Family<Counter>& input_failures =
        counter(registry, "gitlab_runner_job_inputs_interpolation_failures_total",
                "Jobs whose input expressions could not be replaced");
    Family<Counter>& slots = counter(registry, "gitlab_runner_worker_slot_operations_total",
                                     "Places for jobs that came and went");
    Counter& slots_started = slots.Add({{"operation", "started"}});
    Counter& slots_stopped = slots.Add({{"operation", "stopped"}});
    int places = 0;
    Counter& saved = counter(registry, "gitlab_runner_configuration_saved_total",
                             "Times that the configuration was written")
                         .Add({});
    Counter& save_failed = counter(registry, "gitlab_runner_configuration_saving_error_total",
                                   "Times that it could not be written")
                               .Add({});
    Counter& loaded = counter(registry, "gitlab_runner_configuration_loaded_total",
                              "Times that the configuration was loaded")
                          .Add({});
    Counter& load_failed = counter(registry, "gitlab_runner_configuration_loading_error_total",
                                   "Times that it could not be loaded")
                               .Add({});
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::job_received(const QueuedJob& job) {
    const Labels labels = labels_of(job.runner);
    impl_->queue
        .Add(with(labels, {{"project_jobs_running", job.project_jobs_running}}), kQueueBuckets)
        .Observe(job.seconds_in_queue);
    impl_->queue_size.Add(labels).Set(static_cast<double>(job.queue_size));
    impl_->queue_depth.Add(labels).Set(static_cast<double>(job.queue_depth));
    impl_->jobs_total.Add(labels).Increment();
    impl_->modes.Add({{"mode", "traditional"}, {"executor", job.executor}}).Increment();
}

void Metrics::job_finished(const FinishedJob& job) {
    const Labels labels = with(labels_of(job.runner), {{"mode", "traditional"}});
    impl_->duration.Add(labels, kJobBuckets)
        .Observe(static_cast<double>(job.duration.count()) / 1000);
    if (job.failure_reason.empty()) return;
    impl_->failed
        .Add({{"runner", job.runner.short_token},
              {"runner_name", job.runner.name},
              {"failure_reason", job.failure_reason},
              {"mode", "traditional"}})
        .Increment();
    impl_->processing.Add(with(labels_of(job.runner), {{"failure_type", "job_failure"}}))
        .Increment();
}

void Metrics::stage_ended(const RunnerLabels& runner, const std::string& stage,
                          std::chrono::microseconds duration) {
    impl_->stages.Add(with(labels_of(runner), {{"stage", stage}}), kStageBuckets)
        .Observe(std::chrono::duration<double>(duration).count());
}

void Metrics::queuing_exceeded(const RunnerLabels& runner) {
    impl_->late.Add(labels_of(runner)).Increment();
}

void Metrics::job_refused(const RunnerLabels& runner) {
    impl_->processing.Add(with(labels_of(runner), {{"failure_type", "other"}})).Increment();
}

void Metrics::inputs_expanded(int count, const std::string& problem) {
    impl_->inputs.Increment(count);
    if (!problem.empty()) impl_->input_failures.Add({{"error_type", problem}}).Increment();
}

void Metrics::fed(const RunnerLabels& runner, Feed feed) {
    if (feed == Feed::kUnhealthy) return impl_->feed_failures.Add(labels_of(runner)).Increment();
    impl_->feeds.Add(labels_of(runner)).Increment();
    if (feed == Feed::kOffered) return;
    impl_->exceeded.Add({{"runner", runner.short_token}, {"system_id", runner.system_id}})
        .Increment();
}

void Metrics::places_changed(int concurrent) {
    const int more = concurrent - std::exchange(impl_->places, concurrent);
    if (more > 0) impl_->slots_started.Increment(more);
    if (more < 0) impl_->slots_stopped.Increment(-more);
}

void Metrics::api_call(const ApiCall& call) {
    const std::string method = base::to_lower(call.method);
    const Labels labels{{"runner", call.runner.short_token},
                        {"system_id", call.runner.system_id},
                        {"endpoint", call.endpoint},
                        {"method", method}};
    const std::string status = call.status == 0 ? "-1" : std::to_string(call.status);
    impl_->statuses.Add(with(labels, {{"status", status}})).Increment();
    impl_->call_duration
        .Add(with(labels, {{"status_class", status_class(call.status)}}), kCallBuckets)
        .Observe(std::chrono::duration<double>(call.duration).count());
    static const std::map<std::string, std::string> paths{
        {"request_job", "/api/v4/jobs/request"},
        {"update_job", "/api/v4/jobs/{id}"},
        {"patch_trace", "/api/v4/jobs/{id}/trace"},
        {"reset_token", "/api/v4/runners/reset_authentication_token"}};
    if (const auto path = paths.find(call.endpoint); path != paths.end()) {
        impl_->retries.Add({{"path", path->second}, {"method", method}}).Increment(call.attempts);
    }
}

void Metrics::configuration_loaded(bool ok) {
    (ok ? impl_->loaded : impl_->load_failed).Increment();
}

void Metrics::configuration_saved(bool ok) { (ok ? impl_->saved : impl_->save_failed).Increment(); }

void Metrics::request_refused_by_server(const RunnerLabels& runner) {
    impl_->unhealthy.Add(labels_of(runner)).Increment();
}

std::string Metrics::text(const Snapshot& now) const {
    Registry current;
    add_snapshot_metrics(current, now);
    // The counters of a configured runner exist with the value 0 before anything was counted.
    for (const RunnerState& runner : now.runners) {
        const RunnerLabels about{runner.short_token, runner.name, now.system_id};
        const Labels labels = labels_of(about);
        for (auto* family : {&impl_->jobs_total, &impl_->feeds, &impl_->feed_failures,
                             &impl_->unhealthy, &impl_->late}) {
            family->Add(labels);
        }
        environment_.prepare(about);
        // An alert looks for its first increase.
        impl_->failed.Add({{"runner", about.short_token},
                           {"runner_name", about.name},
                           {"failure_reason", "runner_system_failure"},
                           {"mode", "traditional"}});
        impl_->processing.Add(with(labels, {{"failure_type", "other"}}));
        impl_->exceeded.Add({{"runner", runner.short_token}, {"system_id", now.system_id}});
    }
    std::ostringstream out;
    const prometheus::TextSerializer serializer;
    serializer.Serialize(out, current.Collect());
    serializer.Serialize(out, impl_->registry.Collect());
    serializer.Serialize(out, environment_.collect());
    serializer.Serialize(out, roles_.collect());
    return out.str();
}

}  // namespace runner::status
