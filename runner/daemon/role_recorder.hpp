#pragma once

#include "runner/cache/identities.hpp"
#include "runner/status/role_metrics.hpp"

namespace runner::daemon {

/// Counts the roles of AWS that are taken for caches.
///
/// Life: that of `metrics`. Strand: the I/O thread.
class RoleRecorder final : public cache::RoleObserver {
  public:
    explicit RoleRecorder(status::RoleMetrics& metrics) : metrics_(metrics) {}

    void on_role_requests(int in_flight) override { metrics_.requests(in_flight); }
    void on_role_begin(std::chrono::nanoseconds waited) override { metrics_.began(waited); }
    void on_role_end(std::chrono::nanoseconds duration, bool taken) override {
        metrics_.ended(duration, taken);
    }
    void on_role_hit() override { metrics_.hit(); }

  private:
    status::RoleMetrics& metrics_;
};

}  // namespace runner::daemon
