#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace runner::status {

/// The official metrics of the roles of AWS that are taken for caches (runner-protocol.md §8).
/// Strand: the I/O thread.
class RoleMetrics {
  public:
    using Duration = std::chrono::nanoseconds;

    RoleMetrics();
    ~RoleMetrics();
    RoleMetrics(const RoleMetrics&) = delete;
    RoleMetrics& operator=(const RoleMetrics&) = delete;

    void requests(int in_flight);
    void began(Duration waited);
    void ended(Duration duration, bool taken);
    void hit();
    /// `count` answers of how many roles there are credentials; it is asked for each page.
    void count_held_by(std::function<std::size_t()> count);

    [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::status
