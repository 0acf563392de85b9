#include "runner/daemon/metrics_recorder.hpp"

#include <utility>

#include "base/clock.hpp"
#include "runner/daemon/queuing_threshold.hpp"
#include "runner/job/failure_reason.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

status::RunnerLabels labels_of(const RunnerEntry& entry, const std::string& system_id) {
    return {entry.short_token, entry.runner->name, system_id};
}

}  // namespace

status::RunnerLabels MetricsRecorder::labels(const job::JobSetup& setup) const {
    return {setup.record.short_token, setup.runner->name, system_id_};
}

void MetricsRecorder::on_configuration(bool loaded) { metrics_.configuration_loaded(loaded); }

void MetricsRecorder::on_configuration_saved(bool saved) { metrics_.configuration_saved(saved); }

void MetricsRecorder::on_places(int concurrent) { metrics_.places_changed(concurrent); }

void MetricsRecorder::on_feed(const RunnerEntry& entry, status::Feed feed) {
    metrics_.fed(labels_of(entry, system_id_), feed);
}

void MetricsRecorder::on_job_refused(const RunnerEntry& entry) {
    metrics_.job_refused(labels_of(entry, system_id_));
}

void MetricsRecorder::on_inputs(const script::InputsExpansion& expansion) {
    using Problem = script::InputsExpansion::Problem;
    const std::string problem = expansion.problem == Problem::kParse        ? "parse"
                                : expansion.problem == Problem::kEvaluation ? "evaluation"
                                : expansion.problem == Problem::kSensitive ? "sensitive_unsupported"
                                                                           : "";
    metrics_.inputs_expanded(expansion.count, problem);
}

void MetricsRecorder::on_call(const config::RunnerConfig& runner, const gitlab::CallRecord& call) {
    status::ApiCall record;
    record.runner = {config::short_token(runner.token), runner.name, system_id_};
    record.endpoint = call.endpoint;
    record.method = call.method;
    record.status = call.status;
    record.duration = call.duration;
    record.attempts = call.attempts;
    metrics_.api_call(record);
    if (call.status != 0) contacts_.heard(entry_key(runner), base::unix_micros_now());
}

void MetricsRecorder::on_job_request(const RunnerEntry& entry,
                                     const gitlab::JobRequestAnswer& answer) {
    if (answer.outcome == gitlab::JobRequestOutcome::kCancelled) return;
    contacts_.note(entry.key, answer, base::unix_micros_now());
    if (!answer.healthy()) {
        metrics_.request_refused_by_server(labels_of(entry, system_id_));
    }
}

void MetricsRecorder::on_collected(const collector::Item& item, std::uint64_t bytes) {
    metrics_.environment().collected(std::string(to_string(item.kind)), bytes);
}

void MetricsRecorder::on_collection_end() {
    metrics_.environment().collection_ended(base::unix_micros_now());
}

void MetricsRecorder::on_orphans(const config::RunnerConfig& runner, int count) {
    const status::RunnerLabels about{config::short_token(runner.token), runner.name, system_id_};
    metrics_.environment().orphans_removed(about, count);
}

void MetricsRecorder::count_roles_of(std::shared_ptr<cache::Identities> identities) {
    identities->observe_roles(roles_);
    metrics_.roles().count_held_by([kept = std::move(identities)] { return kept->roles_held(); });
}

void MetricsRecorder::on_stage_end(const job::JobContext& job, std::string_view stage,
                                   Duration duration) {
    if (!job.variables.feature("FF_EXPORT_HIGH_CARDINALITY_METRICS")) return;
    metrics_.stage_ended(labels(job.setup), std::string(stage), duration);
}

void MetricsRecorder::on_pull(const job::JobContext& job, const executors::ImagePull& pull) {
    metrics_.environment().image_pulled(labels(job.setup), pull.done, pull.duration, pull.bytes);
}

void MetricsRecorder::on_engine(const job::JobContext& job, bool ready, Duration duration) {
    metrics_.environment().engine_booted(labels(job.setup), ready, duration);
}

void MetricsRecorder::on_builder(const job::JobContext& job, bool ready, Duration duration) {
    metrics_.environment().builder_booted(labels(job.setup), ready, duration);
}

void MetricsRecorder::on_cache(const job::JobContext& job, const job::CacheTransfer& transfer) {
    auto& environment = metrics_.environment();
    const std::string result(transfer.result);
    if (transfer.action == job::CacheTransfer::Action::kRestore) {
        return environment.cache_restored(labels(job.setup), result, transfer.bytes);
    }
    environment.cache_saved(labels(job.setup), result, transfer.bytes);
}

void MetricsRecorder::on_job_start(const job::JobRun& run) {
    const auto& setup = run.context().setup;
    const auto& info = setup.payload.job_info;
    if (setup.restored) return metrics_.environment().job_taken_over(labels(setup));
    if (queuing_exceeded(setup.runner->queuing_durations, info.time_in_queue_seconds,
                         info.project_jobs_running_on_instance_runners_count,
                         base::unix_micros_now() / 1'000'000)) {
        metrics_.queuing_exceeded(labels(setup));
    }
    metrics_.job_received(
        {.runner = labels(setup),
         .executor = setup.runner->executor,
         .seconds_in_queue = info.time_in_queue_seconds,
         .project_jobs_running = info.project_jobs_running_on_instance_runners_count,
         .queue_size = info.queue_size,
         .queue_depth = info.queue_depth});
}

void MetricsRecorder::on_job_end(const job::JobRun& run) {
    const auto& setup = run.context().setup;
    const auto age = base::unix_micros_now() - setup.record.received_unix_micros;
    const auto& failure = run.outcome().failure;
    metrics_.job_finished(
        {.runner = labels(setup),
         .duration = std::chrono::milliseconds(age / 1000),
         .failure_reason = failure ? std::string(to_string(failure->reason)) : std::string()});
}

}  // namespace runner::daemon
