#pragma once

#include <memory>
#include <string>

#include "protocol/gitlab/client.hpp"
#include "runner/collector/item.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/role_recorder.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/daemon/server_contacts.hpp"
#include "runner/job/job_run.hpp"
#include "runner/script/inputs.hpp"
#include "runner/status/metrics.hpp"

namespace runner::daemon {

/// Counts what happens in the daemon: turns its events into values of status::Metrics.
///
/// Life: that of the daemon, which calls it. Strand: the I/O thread.
class MetricsRecorder final : public job::JobObserver {
  public:
    /// The label `system_id` of everything that is counted from now on.
    void set_system_id(std::string id) { system_id_ = std::move(id); }

    void on_configuration(bool loaded);
    void on_configuration_saved(bool saved);
    void on_places(int concurrent);
    void on_feed(const RunnerEntry& entry, status::Feed feed);
    void on_job_refused(const RunnerEntry& entry);
    void on_inputs(const script::InputsExpansion& expansion);
    void on_call(const config::RunnerConfig& runner, const protocol::gitlab::CallRecord& call);
    void on_job_request(const RunnerEntry& entry, const protocol::gitlab::JobRequestAnswer& answer);
    /// Also for a job of a former daemon that goes on.
    void on_job_start(const job::JobRun& run);
    void on_job_end(const job::JobRun& run);
    /// What former jobs of the runner had left was removed.
    void on_collected(const collector::Item& item, std::uint64_t bytes);
    void on_collection_end();
    void on_orphans(const config::RunnerConfig& runner, int count);
    /// From now on, the roles that `identities` take are counted.
    void count_roles_of(std::shared_ptr<cache::Identities> identities);

    [[nodiscard]] const status::Metrics& metrics() const { return metrics_; }
    [[nodiscard]] const ServerContacts& contacts() const { return contacts_; }

  private:
    void on_stage_end(const job::JobContext& job, std::string_view stage,
                      Duration duration) override;
    void on_pull(const job::JobContext& job, const executors::ImagePull& pull) override;
    void on_engine(const job::JobContext& job, bool ready, Duration duration) override;
    void on_builder(const job::JobContext& job, bool ready, Duration duration) override;

    void on_cache(const job::JobContext& job, const job::CacheTransfer& transfer) override;

    [[nodiscard]] status::RunnerLabels labels(const job::JobSetup& setup) const;

    std::string system_id_;
    status::Metrics metrics_;
    RoleRecorder roles_{metrics_.roles()};
    ServerContacts contacts_;
};

}  // namespace runner::daemon
