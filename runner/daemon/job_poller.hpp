#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "runner/daemon/job_requests.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/status/metrics.hpp"

namespace runner::daemon {

/// How long a request that is to be given up may still be answered: the server may have assigned a
/// job. One that the server holds for longer is a long poll, in which no job is assigned.
inline constexpr std::chrono::seconds kRequestGrace{2};

/// Asks the servers for jobs: every entry once per check_interval, evenly spread, and the same
/// entry at once again after it got a job (runner-protocol.md §6), or at the end of a job where
/// there was no room before. Where the server holds requests until there is a job (long polling),
/// also after such a request and after the end of any job. A request counts as a busy place,
/// because its answer may be a job that has to be run; so where other entries need the places, the
/// server is not asked to hold it.
///
/// Life: run() until stop() and drain(). Strand: the I/O thread.
class JobPoller {
  public:
    /// Functions of the owner that the poller calls.
    struct Host {
        std::function<int()> running_jobs;
        std::function<int(const std::string& runner_identity)> running_jobs_of;
        /// Whether an administrator wants no jobs for the runner.
        std::function<bool(const RunnerEntry&)> paused;
        std::function<void(std::shared_ptr<RunnerEntry>, JobRequests::Reply)> accept;
        std::function<void(const RunnerEntry&, const protocol::gitlab::JobRequestAnswer&)> observe;
        std::function<void(const RunnerEntry&, status::Feed)> fed;
        JobRequests::OpenSession open_session = nullptr;
    };

    JobPoller(const boost::asio::any_io_executor& executor, std::string system_id, Host host);

    /// New configuration: takes effect at once, forgets who was unhealthy.
    void configure(std::vector<std::shared_ptr<RunnerEntry>> entries, int concurrent,
                   std::chrono::nanoseconds check_interval);
    /// A job has ended: there may be room.
    void notify() {
        job_ended_ = true;
        changed_.notify_all();
    }
    /// Asks every runner that is not paused now, and not only when its turn comes.
    void ask_now() {
        ask_now_ = true;
        changed_.notify_all();
    }
    /// Gives up the requests of paused runners: the server holds them, and would answer with a job
    /// when there is one. To be called kRequestGrace after the pause.
    void cancel_paused_requests();
    [[nodiscard]] int requests_under_way() const { return requests_.under_way(); }
    base::Task<void> run();
    /// Starts no further requests. Requests under way are not cancelled, because the server may
    /// have assigned a job.
    void stop();
    /// Returns when no request is under way.
    base::Task<void> drain();
    /// Gives up the requests under way.
    void cancel_requests() { group_.cancel_all(); }

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] bool has_room() const;
    [[nodiscard]] bool limit_reached(const RunnerEntry& entry) const;
    /// Whether the server may hold a request of the entry, which is about to be sent.
    [[nodiscard]] bool may_be_held(const RunnerEntry& entry) const;
    void offer(const std::shared_ptr<RunnerEntry>& entry);
    void offer_before_the_interval();
    void offer_all();
    base::Task<void> request(std::shared_ptr<RunnerEntry> entry);

    Host host_;
    JobRequests requests_;
    std::vector<std::shared_ptr<RunnerEntry>> entries_;
    int concurrent_ = 1;
    std::chrono::nanoseconds check_interval_ = std::chrono::seconds(3);
    std::size_t next_ = 0;  ///< the entry whose turn is next
    bool job_ended_ = false;
    bool ask_now_ = false;
    bool stopped_ = false;
    base::Notifier changed_;  ///< room, configuration, stop
    base::TaskGroup group_;   ///< the requests
};

}  // namespace runner::daemon
