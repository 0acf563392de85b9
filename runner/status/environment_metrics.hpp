#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runner/status/runner_labels.hpp"

namespace runner::status {

/// Counters and histograms that only this runner has, about what jobs need: images, engines,
/// builders, and what a former daemon left (docs/metrics.md). Strand: the I/O thread.
class EnvironmentMetrics {
  public:
    using Duration = std::chrono::microseconds;

    EnvironmentMetrics();
    ~EnvironmentMetrics();
    EnvironmentMetrics(const EnvironmentMetrics&) = delete;
    EnvironmentMetrics& operator=(const EnvironmentMetrics&) = delete;

    void image_pulled(const RunnerLabels& runner, bool done, Duration duration,
                      std::uint64_t bytes);
    void engine_booted(const RunnerLabels& runner, bool ready, Duration duration);
    void builder_booted(const RunnerLabels& runner, bool ready, Duration duration);
    /// `result`: docs/metrics.md has the words.
    void cache_restored(const RunnerLabels& runner, const std::string& result, std::uint64_t bytes);
    void cache_saved(const RunnerLabels& runner, const std::string& result, std::uint64_t bytes);
    void job_taken_over(const RunnerLabels& runner);
    void orphans_removed(const RunnerLabels& runner, int count);
    /// `kind`: volume, image, folder.
    void collected(const std::string& kind, std::uint64_t bytes);
    void collection_ended(std::int64_t now_unix_micros);

    /// The counters of `runner` exist from now on, with the value 0 before anything was counted.
    void prepare(const RunnerLabels& runner);
    [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::status
