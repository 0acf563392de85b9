#include "runner/status/role_metrics.hpp"

#include <utility>

#include "runner/status/metric_families.hpp"

namespace runner::status {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

namespace {

const Histogram::BucketBoundaries kRoleWaitBuckets{.005, .01, .025, .05, .1, .25,
                                                   .5,   1,   2.5,  5,   10};
const Histogram::BucketBoundaries kRoleCallBuckets{.05, .1, .25, .5, 1, 2.5, 5, 10, 30};

double in_seconds(RoleMetrics::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

class RoleMetrics::Impl {
  public:
    Registry registry;
    Gauge& in_flight = gauge(registry, "gitlab_runner_cache_s3_assume_role_requests_in_flight",
                             "Requests for roles of AWS that are under way")
                           .Add({});
    Histogram& wait = histogram(registry, "gitlab_runner_cache_s3_assume_role_wait_seconds",
                                "Time that requests for roles waited for their turn")
                          .Add({}, kRoleWaitBuckets);
    Histogram& duration = histogram(registry, "gitlab_runner_cache_s3_assume_role_duration_seconds",
                                    "Duration of requests for roles")
                              .Add({}, kRoleCallBuckets);
    Counter& hits = counter(registry, "gitlab_runner_cache_s3_assume_role_cache_hits_total",
                            "Uses of a role whose credentials were there")
                        .Add({});
    Counter& misses = counter(registry, "gitlab_runner_cache_s3_assume_role_cache_misses_total",
                              "Requests for roles that were sent")
                          .Add({});
    Gauge& held = gauge(registry, "gitlab_runner_cache_s3_assume_role_cached_credentials",
                        "Roles whose credentials are there and still count")
                      .Add({});
    Counter& failures = counter(registry, "gitlab_runner_cache_s3_assume_role_failures_total",
                                "Requests for roles that failed")
                            .Add({});
    std::function<std::size_t()> count_held = [] { return std::size_t{0}; };
};

RoleMetrics::RoleMetrics() : impl_(std::make_unique<Impl>()) {}

RoleMetrics::~RoleMetrics() = default;

void RoleMetrics::requests(int in_flight) { impl_->in_flight.Set(in_flight); }

void RoleMetrics::began(Duration waited) {
    impl_->wait.Observe(in_seconds(waited));
    impl_->misses.Increment();
}

void RoleMetrics::ended(Duration duration, bool taken) {
    impl_->duration.Observe(in_seconds(duration));
    if (!taken) impl_->failures.Increment();
}

void RoleMetrics::hit() { impl_->hits.Increment(); }

void RoleMetrics::count_held_by(std::function<std::size_t()> count) {
    impl_->count_held = std::move(count);
}

std::vector<prometheus::MetricFamily> RoleMetrics::collect() const {
    impl_->held.Set(static_cast<double>(impl_->count_held()));
    return impl_->registry.Collect();
}

}  // namespace runner::status
