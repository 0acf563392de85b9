#include "runner/status/environment_metrics.hpp"

#include "runner/status/metric_families.hpp"

namespace runner::status {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Registry;

namespace {

const Histogram::BucketBoundaries kBootBuckets{.1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60};
const Histogram::BucketBoundaries kPullBuckets{.25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};

void observe(Family<Histogram>& family, const RunnerLabels& runner, const char* result,
             const Histogram::BucketBoundaries& buckets, EnvironmentMetrics::Duration duration) {
    family.Add(with(labels_of(runner), {{"result", result}}), buckets)
        .Observe(std::chrono::duration<double>(duration).count());
}

}  // namespace

class EnvironmentMetrics::Impl {
  public:
    Registry registry;
    Family<Histogram>& pulls = histogram(registry, "runner_image_pull_duration_seconds",
                                         "Duration of pulls of images, all tries of one together");
    Family<Counter>& pulled_bytes = counter(registry, "runner_image_pulled_bytes_total",
                                            "Compressed bytes that pulls got from registries");
    Family<Histogram>& engines =
        histogram(registry, "runner_engine_boot_duration_seconds",
                  "Time from a job container's start until its inner engine answered");
    Family<Histogram>& builders =
        histogram(registry, "runner_builder_boot_duration_seconds",
                  "Time from a job container's start until its builder was ready");
    Family<Counter>& restores =
        counter(registry, "runner_cache_restores_total",
                "Caches that jobs looked for, the fallback keys of one together");
    Family<Counter>& restored_bytes = counter(registry, "runner_cache_restored_bytes_total",
                                              "Bytes of the archives of caches that were unpacked");
    Family<Counter>& saves =
        counter(registry, "runner_cache_saves_total", "Caches that jobs were to save");
    Family<Counter>& saved_bytes = counter(registry, "runner_cache_saved_bytes_total",
                                           "Bytes of the archives of caches that were written");
    Family<Counter>& taken_over = counter(registry, "runner_jobs_taken_over_total",
                                          "Jobs of a former daemon that this one has continued");
    Family<Counter>& orphans =
        counter(registry, "runner_orphans_removed_total",
                "Containers, networks and volumes of former jobs that were removed at the start");
    Family<Counter>& collected =
        counter(registry, "runner_collected_objects_total",
                "Unused volumes, images and folders that were removed to make room");
    Family<Counter>& collected_bytes =
        counter(registry, "runner_collected_bytes_total", "Bytes that this has freed");
    Family<prometheus::Gauge>& collection =
        gauge(registry, "runner_collection_last_run_timestamp_seconds",
              "When the last run of the collector ended, since 1970; 0: none yet");
};

EnvironmentMetrics::EnvironmentMetrics() : impl_(std::make_unique<Impl>()) {
    for (const char* kind : {"volume", "image", "folder"}) {
        impl_->collected.Add({{"kind", kind}});
        impl_->collected_bytes.Add({{"kind", kind}});
    }
    impl_->collection.Add({});
}
EnvironmentMetrics::~EnvironmentMetrics() = default;

void EnvironmentMetrics::image_pulled(const RunnerLabels& runner, bool done, Duration duration,
                                      std::uint64_t bytes) {
    observe(impl_->pulls, runner, done ? "pulled" : "failed", kPullBuckets, duration);
    impl_->pulled_bytes.Add(labels_of(runner)).Increment(static_cast<double>(bytes));
}

void EnvironmentMetrics::engine_booted(const RunnerLabels& runner, bool ready, Duration duration) {
    observe(impl_->engines, runner, ready ? "ready" : "failed", kBootBuckets, duration);
}

void EnvironmentMetrics::builder_booted(const RunnerLabels& runner, bool ready, Duration duration) {
    observe(impl_->builders, runner, ready ? "ready" : "failed", kBootBuckets, duration);
}

void EnvironmentMetrics::cache_restored(const RunnerLabels& runner, const std::string& result,
                                        std::uint64_t bytes) {
    impl_->restores.Add(with(labels_of(runner), {{"result", result}})).Increment();
    impl_->restored_bytes.Add(labels_of(runner)).Increment(static_cast<double>(bytes));
}

void EnvironmentMetrics::cache_saved(const RunnerLabels& runner, const std::string& result,
                                     std::uint64_t bytes) {
    impl_->saves.Add(with(labels_of(runner), {{"result", result}})).Increment();
    impl_->saved_bytes.Add(labels_of(runner)).Increment(static_cast<double>(bytes));
}

void EnvironmentMetrics::job_taken_over(const RunnerLabels& runner) {
    impl_->taken_over.Add(labels_of(runner)).Increment();
}

void EnvironmentMetrics::orphans_removed(const RunnerLabels& runner, int count) {
    impl_->orphans.Add(labels_of(runner)).Increment(count);
}

void EnvironmentMetrics::collected(const std::string& kind, std::uint64_t bytes) {
    impl_->collected.Add({{"kind", kind}}).Increment();
    impl_->collected_bytes.Add({{"kind", kind}}).Increment(static_cast<double>(bytes));
}

void EnvironmentMetrics::collection_ended(std::int64_t now_unix_micros) {
    impl_->collection.Add({}).Set(static_cast<double>(now_unix_micros) / 1e6);
}

void EnvironmentMetrics::prepare(const RunnerLabels& runner) {
    const auto labels = labels_of(runner);
    for (auto* family : {&impl_->pulled_bytes, &impl_->taken_over, &impl_->orphans,
                         &impl_->restored_bytes, &impl_->saved_bytes}) {
        family->Add(labels);
    }
    for (const char* result : {"hit", "fallback", "miss", "failed"}) {
        impl_->restores.Add(with(labels, {{"result", result}}));
    }
    for (const char* result : {"saved", "unchanged", "empty", "failed"}) {
        impl_->saves.Add(with(labels, {{"result", result}}));
    }
}

std::vector<prometheus::MetricFamily> EnvironmentMetrics::collect() const {
    return impl_->registry.Collect();
}

}  // namespace runner::status
